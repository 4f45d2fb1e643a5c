-- What a run has to show before a label of an agent's prompt moves.
CREATE TABLE eval_gates (
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    label text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    gate text COLLATE "C" NOT NULL,
    set_by text COLLATE "C" NOT NULL,
    set_at bigint NOT NULL,
    PRIMARY KEY (agent_id, label)
);

-- What a run came to, in a few figures, for lists.
ALTER TABLE eval_runs ADD COLUMN figures text COLLATE "C";
