-- Calls of programs that act for somebody, of which a person is asked whether they may run.
CREATE TABLE client_approvals (
    id BLOB PRIMARY KEY NOT NULL,
    -- Whose call it is: the id of the principal.
    owner BLOB NOT NULL,
    client TEXT NOT NULL,
    -- Who is asked. Without one, whoever manages API keys: the program acts for nobody else.
    member_id BLOB,
    request_key TEXT,
    fingerprint TEXT NOT NULL,
    operation TEXT NOT NULL,
    arguments TEXT NOT NULL,
    question TEXT NOT NULL,
    status TEXT NOT NULL,
    requested_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_by BLOB,
    comment TEXT,
    -- When the call that was agreed to had its effect.
    used_at INTEGER
) STRICT;

-- Two calls under one key at the same time are one question.
CREATE UNIQUE INDEX client_approvals_by_key ON client_approvals (owner, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX client_approvals_by_call ON client_approvals (owner, fingerprint);
CREATE INDEX client_approvals_by_member ON client_approvals (member_id, requested_at, id);
CREATE INDEX client_approvals_waiting ON client_approvals (member_id) WHERE status = 'pending';
CREATE INDEX client_approvals_by_age ON client_approvals (expires_at);
