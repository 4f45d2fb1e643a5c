-- An agent is what the last of its versions says. A version never changes, and a turn ends under the one it began with.
CREATE TABLE agent_versions (
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    number bigint NOT NULL,
    label text COLLATE "C" NOT NULL,
    icon text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    settings text COLLATE "C" NOT NULL,
    fallbacks text COLLATE "C",
    role text COLLATE "C" NOT NULL,
    operations text COLLATE "C" NOT NULL,
    format text COLLATE "C" NOT NULL,
    limits text COLLATE "C" NOT NULL,
    suggested_questions text COLLATE "C" NOT NULL,
    evaluation_inputs text COLLATE "C" NOT NULL,
    prompt_version bigint NOT NULL,
    changed text COLLATE "C" NOT NULL,
    made_by text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    PRIMARY KEY (agent_id, number)
);

-- Which version of an agent's prompt a word stands for; live traffic uses that of the word production.
CREATE TABLE agent_labels (
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    label text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    moved_by text COLLATE "C" NOT NULL,
    moved_at bigint NOT NULL,
    PRIMARY KEY (agent_id, label)
);

INSERT INTO agent_versions
    SELECT a.id, 1, a.label, 'sparkles', a.description, a.model, '{}', NULL, a.role, a.tools, '"markdown"', '{}',
        '[]', '[]', p.version, '[]', '{"kind":"system"}', a.updated_at
    FROM agents a JOIN agent_prompts p ON p.agent_id = a.id AND p.is_published = true;

INSERT INTO agent_labels
    SELECT agent_id, 'production', version, '{"kind":"system"}', created_at
    FROM agent_prompts WHERE is_published = true;

ALTER TABLE agents DROP COLUMN label;
ALTER TABLE agents DROP COLUMN description;
ALTER TABLE agents DROP COLUMN model;
ALTER TABLE agents DROP COLUMN role;
ALTER TABLE agents DROP COLUMN tools;
ALTER TABLE agents DROP COLUMN updated_at;
ALTER TABLE agents ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE agents ADD COLUMN is_active boolean NOT NULL DEFAULT true;
ALTER TABLE agents ADD COLUMN deleted_at bigint;
-- The name it had before it was deleted, which another may have since.
ALTER TABLE agents ADD COLUMN former_name text COLLATE "C";

ALTER TABLE agent_prompts DROP COLUMN is_published;
ALTER TABLE agent_prompts DROP COLUMN created_by;
ALTER TABLE agent_prompts ADD COLUMN note text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE agent_prompts ADD COLUMN author text COLLATE "C" NOT NULL DEFAULT '{"kind":"system"}';

-- The version of the agent that a turn began with.
ALTER TABLE turns ADD COLUMN agent_version bigint;
