-- What was answered to writes that their sender may send again under the same key.
CREATE TABLE idempotency_keys (
    owner uuid NOT NULL,
    request_key text COLLATE "C" NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    answer text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (owner, request_key)
);

CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
