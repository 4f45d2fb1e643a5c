-- The directory: who signs in, where they belong, and what must be known before a workspace is opened.
CREATE TABLE users (
    id BLOB PRIMARY KEY NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX users_email ON users (email);

-- A workspace is `creating` until its namespace holds its roles and its first admin.
CREATE TABLE workspaces (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('creating', 'active')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX workspaces_name ON workspaces (name_folded);

CREATE TABLE memberships (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, workspace_id)
) STRICT;

CREATE UNIQUE INDEX memberships_member ON memberships (workspace_id, member_id);

-- Refresh-token families (`tokens`) and browser sessions (`browser`). Only hashes of their secrets are kept.
CREATE TABLE sign_ins (
    id BLOB PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('tokens', 'browser')),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id BLOB NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    member_id BLOB NOT NULL,
    lookup_hash TEXT NOT NULL,
    secret_hash TEXT,
    user_agent TEXT,
    remote TEXT,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX sign_ins_lookup ON sign_ins (lookup_hash);
CREATE INDEX sign_ins_user ON sign_ins (user_id);
CREATE INDEX sign_ins_workspace ON sign_ins (workspace_id);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

-- The number makes it impossible for two servers that start together to make two first keys.
CREATE TABLE signing_keys (
    number INTEGER PRIMARY KEY NOT NULL,
    kid TEXT NOT NULL,
    sealed_key TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- How often signing in failed of late, by account and by address.
CREATE TABLE sign_in_attempts (
    subject TEXT PRIMARY KEY NOT NULL,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_attempts_last ON sign_in_attempts (last_at);

CREATE TABLE setup_tokens (
    token_hash TEXT PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- When a workspace has work to do: a hint that is never later than the truth.
CREATE TABLE due_times (
    workspace_id BLOB PRIMARY KEY NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    due_at INTEGER NOT NULL
) STRICT;

CREATE INDEX due_times_due ON due_times (due_at);
