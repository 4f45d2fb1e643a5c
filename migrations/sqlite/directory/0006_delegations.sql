-- What members let software do for them. One ends with the sign-in that it came from, with the one that it was made of,
-- and with its member. One that ends is removed; of its refresh token only hashes are kept.
CREATE TABLE delegations (
    id BLOB PRIMARY KEY NOT NULL,
    parent_id BLOB REFERENCES delegations (id) ON DELETE CASCADE,
    sign_in_id BLOB REFERENCES sign_ins (id) ON DELETE CASCADE,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    agent_id BLOB,
    client_id TEXT,
    name TEXT NOT NULL,
    depth INTEGER NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    refresh_lookup TEXT,
    refresh_secret TEXT,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX delegations_refresh ON delegations (refresh_lookup);
CREATE INDEX delegations_parent ON delegations (parent_id);
CREATE INDEX delegations_sign_in ON delegations (sign_in_id);
CREATE INDEX delegations_user ON delegations (user_id);
CREATE INDEX delegations_workspace ON delegations (workspace_id);
CREATE INDEX delegations_expiry ON delegations (expires_at);

-- Programs that registered themselves (RFC 7591). One that nobody let in is removed after a day.
CREATE TABLE oauth_clients (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

CREATE INDEX oauth_clients_created ON oauth_clients (created_at);

-- Codes that a member's consent is fetched with, once. Only their hashes are kept. One that was used stays until it
-- expires, so that what came of it ends when it is used again (RFC 6749, section 4.1.2).
CREATE TABLE oauth_codes (
    code_hash TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    delegation_id BLOB,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX oauth_codes_user ON oauth_codes (user_id);
CREATE INDEX oauth_codes_workspace ON oauth_codes (workspace_id);
CREATE INDEX oauth_codes_expiry ON oauth_codes (expires_at);
