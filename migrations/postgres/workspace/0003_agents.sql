-- Agents and the versions of their prompts.
CREATE TABLE agents (
    id uuid PRIMARY KEY NOT NULL,
    name text COLLATE "C" NOT NULL UNIQUE,
    label text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    tools text COLLATE "C" NOT NULL,
    is_standard boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE TABLE agent_prompts (
    id uuid PRIMARY KEY NOT NULL,
    agent_id uuid NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    is_published boolean NOT NULL,
    created_at bigint NOT NULL,
    created_by uuid,
    UNIQUE (agent_id, version)
);

-- Conversations. One turn of a session runs at a time, so the lease is the session's: its epoch counts the
-- takeovers, and nothing is appended under an older one.
CREATE TABLE sessions (
    id uuid PRIMARY KEY NOT NULL,
    member_id uuid NOT NULL,
    agent_id uuid NOT NULL REFERENCES agents (id),
    title text COLLATE "C",
    status text COLLATE "C" NOT NULL,
    context_object text COLLATE "C",
    context_id uuid,
    expires_at bigint NOT NULL,
    last_seq bigint NOT NULL,
    turn_count bigint NOT NULL,
    epoch bigint NOT NULL,
    lease_owner uuid,
    lease_until bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE INDEX sessions_by_member ON sessions (member_id, updated_at, id);

CREATE TABLE turns (
    id uuid PRIMARY KEY NOT NULL,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    member_id uuid NOT NULL,
    position bigint NOT NULL,
    message text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    idempotency_key text COLLATE "C",
    cancel_requested boolean NOT NULL,
    cancelled_by uuid,
    intent text COLLATE "C",
    problem text COLLATE "C",
    deadline_at bigint,
    created_at bigint NOT NULL,
    started_at bigint,
    ended_at bigint,
    UNIQUE (session_id, position),
    UNIQUE (session_id, idempotency_key)
);

CREATE INDEX turns_open ON turns (session_id, position) WHERE ended_at IS NULL;

-- The log of each session, in its order.
CREATE TABLE session_events (
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq bigint NOT NULL,
    turn_id uuid NOT NULL,
    at bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    step bigint,
    call_index bigint,
    data text COLLATE "C" NOT NULL,
    PRIMARY KEY (session_id, seq)
);

-- The key under which an effect happens once: its result is written with it.
CREATE UNIQUE INDEX session_events_results ON session_events (turn_id, step, call_index)
    WHERE name = 'tool.result';

CREATE TABLE approvals (
    id uuid PRIMARY KEY NOT NULL,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    turn_id uuid NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    member_id uuid NOT NULL,
    step bigint NOT NULL,
    call_index bigint NOT NULL,
    operation text COLLATE "C" NOT NULL,
    arguments text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    requested_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    resolved_at bigint,
    resolved_by uuid,
    comment text COLLATE "C",
    UNIQUE (turn_id, step, call_index)
);

CREATE INDEX approvals_pending ON approvals (expires_at) WHERE status = 'pending';
CREATE INDEX approvals_by_member ON approvals (member_id, requested_at, id);
CREATE INDEX approvals_by_session ON approvals (session_id);
