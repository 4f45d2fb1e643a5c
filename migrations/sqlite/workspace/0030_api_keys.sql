-- Keys by which programs act as service accounts. Only their hashes are kept; one that is revoked is gone.
CREATE TABLE api_keys (
    id BLOB PRIMARY KEY NOT NULL,
    key_hash TEXT NOT NULL,
    hint TEXT NOT NULL,
    name TEXT NOT NULL,
    role_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    networks TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER
) STRICT;

CREATE UNIQUE INDEX api_keys_hash ON api_keys (key_hash);
CREATE INDEX api_keys_role ON api_keys (role_id);
