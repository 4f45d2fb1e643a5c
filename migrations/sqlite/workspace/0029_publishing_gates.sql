-- What a run has to show before a label of an agent's prompt moves.
CREATE TABLE eval_gates (
    agent_id BLOB NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    version INTEGER NOT NULL,
    gate TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (agent_id, label)
) STRICT;

-- What a run came to, in a few figures, for lists.
ALTER TABLE eval_runs ADD COLUMN figures TEXT;
