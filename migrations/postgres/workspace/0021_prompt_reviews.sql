-- What an editor has written of an agent's prompt and not saved as a version.
CREATE TABLE agent_drafts (
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    member_id uuid NOT NULL,
    body text COLLATE "C" NOT NULL,
    based_on bigint,
    saved_at bigint NOT NULL,
    PRIMARY KEY (agent_id, member_id)
);

-- Moves of protected labels that wait for the word of a second person, or have had it.
CREATE TABLE agent_reviews (
    id uuid PRIMARY KEY NOT NULL,
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    label text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    expected bigint,
    note text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    requested_by text COLLATE "C" NOT NULL,
    requested_at bigint NOT NULL,
    answered_by text COLLATE "C",
    answered_at bigint,
    comment text COLLATE "C" NOT NULL
);

CREATE INDEX agent_reviews_by_agent ON agent_reviews (agent_id, requested_at, id);
