-- Keys by which programs act as service accounts. Only their hashes are kept; one that is revoked is gone.
CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    key_hash text COLLATE "C" NOT NULL,
    hint text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    scopes text COLLATE "C" NOT NULL,
    networks text COLLATE "C" NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    last_used_at bigint
);

CREATE UNIQUE INDEX api_keys_hash ON api_keys (key_hash);
CREATE INDEX api_keys_role ON api_keys (role_id);
