-- What an editor has written of an agent's prompt and not saved as a version.
CREATE TABLE agent_drafts (
    agent_id BLOB NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    body TEXT NOT NULL,
    based_on INTEGER,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (agent_id, member_id)
) STRICT;

-- Moves of protected labels that wait for the word of a second person, or have had it.
CREATE TABLE agent_reviews (
    id BLOB PRIMARY KEY NOT NULL,
    agent_id BLOB NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    version INTEGER NOT NULL,
    expected INTEGER,
    note TEXT NOT NULL,
    status TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    answered_by TEXT,
    answered_at INTEGER,
    comment TEXT NOT NULL
) STRICT;

CREATE INDEX agent_reviews_by_agent ON agent_reviews (agent_id, requested_at, id);
