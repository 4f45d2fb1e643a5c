-- The directory: who signs in, where they belong, and what must be known before a workspace is opened.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    password_hash text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    password_changed_at bigint NOT NULL
);

CREATE UNIQUE INDEX users_email ON users (email);

-- A workspace is `creating` until its namespace holds its roles and its first admin.
CREATE TABLE workspaces (
    id uuid PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (status IN ('creating', 'active')),
    created_at bigint NOT NULL
);

CREATE UNIQUE INDEX workspaces_name ON workspaces (name_folded);

CREATE TABLE memberships (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id uuid NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, workspace_id)
);

CREATE UNIQUE INDEX memberships_member ON memberships (workspace_id, member_id);

-- Refresh-token families (`tokens`) and browser sessions (`browser`). Only hashes of their secrets are kept.
CREATE TABLE sign_ins (
    id uuid PRIMARY KEY,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('tokens', 'browser')),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id uuid NOT NULL,
    lookup_hash text COLLATE "C" NOT NULL,
    secret_hash text COLLATE "C",
    user_agent text COLLATE "C",
    remote text COLLATE "C",
    created_at bigint NOT NULL,
    used_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE UNIQUE INDEX sign_ins_lookup ON sign_ins (lookup_hash);
CREATE INDEX sign_ins_user ON sign_ins (user_id);
CREATE INDEX sign_ins_workspace ON sign_ins (workspace_id);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

-- The number makes it impossible for two servers that start together to make two first keys.
CREATE TABLE signing_keys (
    number bigint PRIMARY KEY,
    kid text COLLATE "C" NOT NULL,
    sealed_key text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);

-- How often signing in failed of late, by account and by address.
CREATE TABLE sign_in_attempts (
    subject text COLLATE "C" PRIMARY KEY,
    failures bigint NOT NULL,
    last_at bigint NOT NULL,
    blocked_until bigint NOT NULL
);

CREATE INDEX sign_in_attempts_last ON sign_in_attempts (last_at);

CREATE TABLE setup_tokens (
    token_hash text COLLATE "C" PRIMARY KEY,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

-- When a workspace has work to do: a hint that is never later than the truth.
CREATE TABLE due_times (
    workspace_id uuid PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    due_at bigint NOT NULL
);

CREATE INDEX due_times_due ON due_times (due_at);
