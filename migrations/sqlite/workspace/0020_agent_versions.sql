-- An agent is what the last of its versions says. A version never changes, and a turn ends under the one it began with.
CREATE TABLE agent_versions (
    agent_id BLOB NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    label TEXT NOT NULL,
    icon TEXT NOT NULL,
    description TEXT NOT NULL,
    model TEXT NOT NULL,
    settings TEXT NOT NULL,
    fallbacks TEXT,
    role TEXT NOT NULL,
    operations TEXT NOT NULL,
    format TEXT NOT NULL,
    limits TEXT NOT NULL,
    suggested_questions TEXT NOT NULL,
    evaluation_inputs TEXT NOT NULL,
    prompt_version INTEGER NOT NULL,
    changed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (agent_id, number)
) STRICT;

-- Which version of an agent's prompt a word stands for; live traffic uses that of the word production.
CREATE TABLE agent_labels (
    agent_id BLOB NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    version INTEGER NOT NULL,
    moved_by TEXT NOT NULL,
    moved_at INTEGER NOT NULL,
    PRIMARY KEY (agent_id, label)
) STRICT;

INSERT INTO agent_versions
    SELECT a.id, 1, a.label, 'sparkles', a.description, a.model, '{}', NULL, a.role, a.tools, '"markdown"', '{}',
        '[]', '[]', p.version, '[]', '{"kind":"system"}', a.updated_at
    FROM agents a JOIN agent_prompts p ON p.agent_id = a.id AND p.is_published = 1;

INSERT INTO agent_labels
    SELECT agent_id, 'production', version, '{"kind":"system"}', created_at
    FROM agent_prompts WHERE is_published = 1;

ALTER TABLE agents DROP COLUMN label;
ALTER TABLE agents DROP COLUMN description;
ALTER TABLE agents DROP COLUMN model;
ALTER TABLE agents DROP COLUMN role;
ALTER TABLE agents DROP COLUMN tools;
ALTER TABLE agents DROP COLUMN updated_at;
ALTER TABLE agents ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE agents ADD COLUMN is_active INTEGER NOT NULL DEFAULT 1;
ALTER TABLE agents ADD COLUMN deleted_at INTEGER;
-- The name it had before it was deleted, which another may have since.
ALTER TABLE agents ADD COLUMN former_name TEXT;

ALTER TABLE agent_prompts DROP COLUMN is_published;
ALTER TABLE agent_prompts DROP COLUMN created_by;
ALTER TABLE agent_prompts ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_prompts ADD COLUMN author TEXT NOT NULL DEFAULT '{"kind":"system"}';

-- The version of the agent that a turn began with.
ALTER TABLE turns ADD COLUMN agent_version INTEGER;
