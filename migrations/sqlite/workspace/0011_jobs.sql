-- Work that is done later, under a lease: what waits, what runs, and what has had all its attempts.
CREATE TABLE jobs (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    key TEXT,
    priority INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'failed')),
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    lease_owner BLOB,
    lease_process BLOB,
    lease_until INTEGER,
    problem TEXT,
    created_at INTEGER NOT NULL,
    started_at INTEGER
) STRICT;

CREATE INDEX jobs_due ON jobs (state, due_at);
CREATE UNIQUE INDEX jobs_key ON jobs (name, key) WHERE state = 'waiting';

-- When a job is enqueued by itself next.
CREATE TABLE job_schedules (
    name TEXT PRIMARY KEY NOT NULL,
    expression TEXT NOT NULL,
    next_at INTEGER NOT NULL
) STRICT;

-- An approval that nobody answers in time is denied by a job.
INSERT INTO jobs (id, name, payload, priority, state, due_at, attempts, epoch, created_at)
SELECT id, 'approvals.expire', 'null', 0, 'waiting', expires_at, 0, 0, requested_at
FROM approvals
WHERE status = 'pending';

CREATE INDEX audit_entries_happened ON audit_entries (happened_at);
