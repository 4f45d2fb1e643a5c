-- Calls of programs that act for somebody, of which a person is asked whether they may run.
CREATE TABLE client_approvals (
    id uuid PRIMARY KEY,
    -- Whose call it is: the id of the principal.
    owner uuid NOT NULL,
    client text COLLATE "C" NOT NULL,
    -- Who is asked. Without one, whoever manages API keys: the program acts for nobody else.
    member_id uuid,
    request_key text COLLATE "C",
    fingerprint text COLLATE "C" NOT NULL,
    operation text COLLATE "C" NOT NULL,
    arguments text COLLATE "C" NOT NULL,
    question text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    requested_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    resolved_at bigint,
    resolved_by uuid,
    comment text COLLATE "C",
    -- When the call that was agreed to had its effect.
    used_at bigint
);

-- Two calls under one key at the same time are one question.
CREATE UNIQUE INDEX client_approvals_by_key ON client_approvals (owner, request_key) WHERE request_key IS NOT NULL;
CREATE INDEX client_approvals_by_call ON client_approvals (owner, fingerprint);
CREATE INDEX client_approvals_by_member ON client_approvals (member_id, requested_at, id);
CREATE INDEX client_approvals_waiting ON client_approvals (member_id) WHERE status = 'pending';
CREATE INDEX client_approvals_by_age ON client_approvals (expires_at);
