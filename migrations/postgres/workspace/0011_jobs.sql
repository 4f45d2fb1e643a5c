-- Work that is done later, under a lease: what waits, what runs, and what has had all its attempts.
CREATE TABLE jobs (
    id uuid PRIMARY KEY NOT NULL,
    name text COLLATE "C" NOT NULL,
    payload text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    priority bigint NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'running', 'failed')),
    due_at bigint NOT NULL,
    attempts bigint NOT NULL,
    epoch bigint NOT NULL,
    lease_owner uuid,
    lease_process uuid,
    lease_until bigint,
    problem text COLLATE "C",
    created_at bigint NOT NULL,
    started_at bigint
);

CREATE INDEX jobs_due ON jobs (state, due_at);
CREATE UNIQUE INDEX jobs_key ON jobs (name, key) WHERE state = 'waiting';

-- When a job is enqueued by itself next.
CREATE TABLE job_schedules (
    name text COLLATE "C" PRIMARY KEY NOT NULL,
    expression text COLLATE "C" NOT NULL,
    next_at bigint NOT NULL
);

-- An approval that nobody answers in time is denied by a job.
INSERT INTO jobs (id, name, payload, priority, state, due_at, attempts, epoch, created_at)
SELECT id, 'approvals.expire', 'null', 0, 'waiting', expires_at, 0, 0, requested_at
FROM approvals
WHERE status = 'pending';

CREATE INDEX audit_entries_happened ON audit_entries (happened_at);
