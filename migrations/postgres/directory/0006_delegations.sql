-- What members let software do for them. One ends with the sign-in that it came from, with the one that it was made of,
-- and with its member. One that ends is removed; of its refresh token only hashes are kept.
CREATE TABLE delegations (
    id uuid PRIMARY KEY,
    parent_id uuid REFERENCES delegations (id) ON DELETE CASCADE,
    sign_in_id uuid REFERENCES sign_ins (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id uuid NOT NULL,
    agent_id uuid,
    client_id text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    depth bigint NOT NULL,
    scope text COLLATE "C" NOT NULL,
    audience text COLLATE "C" NOT NULL,
    refresh_lookup text COLLATE "C",
    refresh_secret text COLLATE "C",
    created_at bigint NOT NULL,
    used_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE UNIQUE INDEX delegations_refresh ON delegations (refresh_lookup);
CREATE INDEX delegations_parent ON delegations (parent_id);
CREATE INDEX delegations_sign_in ON delegations (sign_in_id);
CREATE INDEX delegations_user ON delegations (user_id);
CREATE INDEX delegations_workspace ON delegations (workspace_id);
CREATE INDEX delegations_expiry ON delegations (expires_at);

-- Programs that registered themselves (RFC 7591). One that nobody let in is removed after a day.
CREATE TABLE oauth_clients (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    redirect_uris text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    used_at bigint
);

CREATE INDEX oauth_clients_created ON oauth_clients (created_at);

-- Codes that a member's consent is fetched with, once. Only their hashes are kept. One that was used stays until it
-- expires, so that what came of it ends when it is used again (RFC 6749, section 4.1.2).
CREATE TABLE oauth_codes (
    code_hash text COLLATE "C" PRIMARY KEY,
    client_id text COLLATE "C" NOT NULL,
    client_name text COLLATE "C" NOT NULL,
    redirect_uri text COLLATE "C" NOT NULL,
    challenge text COLLATE "C" NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id uuid NOT NULL,
    scope text COLLATE "C" NOT NULL,
    audience text COLLATE "C" NOT NULL,
    delegation_id uuid,
    expires_at bigint NOT NULL
);

CREATE INDEX oauth_codes_user ON oauth_codes (user_id);
CREATE INDEX oauth_codes_workspace ON oauth_codes (workspace_id);
CREATE INDEX oauth_codes_expiry ON oauth_codes (expires_at);
