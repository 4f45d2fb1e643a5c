-- Agents and the versions of their prompts.
CREATE TABLE agents (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    description TEXT NOT NULL,
    model TEXT NOT NULL,
    role TEXT NOT NULL,
    tools TEXT NOT NULL,
    is_standard INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agent_prompts (
    id BLOB PRIMARY KEY NOT NULL,
    agent_id BLOB NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    is_published INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB,
    UNIQUE (agent_id, version)
) STRICT;

-- Conversations. One turn of a session runs at a time, so the lease is the session's: its epoch counts the
-- takeovers, and nothing is appended under an older one.
CREATE TABLE sessions (
    id BLOB PRIMARY KEY NOT NULL,
    member_id BLOB NOT NULL,
    agent_id BLOB NOT NULL REFERENCES agents (id),
    title TEXT,
    status TEXT NOT NULL,
    context_object TEXT,
    context_id BLOB,
    expires_at INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    turn_count INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lease_owner BLOB,
    lease_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_member ON sessions (member_id, updated_at, id);

CREATE TABLE turns (
    id BLOB PRIMARY KEY NOT NULL,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    message TEXT NOT NULL,
    status TEXT NOT NULL,
    idempotency_key TEXT,
    cancel_requested INTEGER NOT NULL,
    cancelled_by BLOB,
    intent TEXT,
    problem TEXT,
    deadline_at INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    UNIQUE (session_id, position),
    UNIQUE (session_id, idempotency_key)
) STRICT;

CREATE INDEX turns_open ON turns (session_id, position) WHERE ended_at IS NULL;

-- The log of each session, in its order.
CREATE TABLE session_events (
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    turn_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    name TEXT NOT NULL,
    step INTEGER,
    call_index INTEGER,
    data TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
) STRICT;

-- The key under which an effect happens once: its result is written with it.
CREATE UNIQUE INDEX session_events_results ON session_events (turn_id, step, call_index)
    WHERE name = 'tool.result';

CREATE TABLE approvals (
    id BLOB PRIMARY KEY NOT NULL,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    turn_id BLOB NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    step INTEGER NOT NULL,
    call_index INTEGER NOT NULL,
    operation TEXT NOT NULL,
    arguments TEXT NOT NULL,
    status TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by BLOB,
    comment TEXT,
    UNIQUE (turn_id, step, call_index)
) STRICT;

CREATE INDEX approvals_pending ON approvals (expires_at) WHERE status = 'pending';
CREATE INDEX approvals_by_member ON approvals (member_id, requested_at, id);
CREATE INDEX approvals_by_session ON approvals (session_id);
