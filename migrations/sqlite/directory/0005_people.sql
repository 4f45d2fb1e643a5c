-- When a member was last seen, which outlives their sign-ins.
ALTER TABLE memberships ADD COLUMN last_seen_at INTEGER;

-- Links by which a forgotten password is set anew, at most one a user. Only their hashes are kept. One that an admin
-- made counts only as long as the user belongs to that admin's workspace alone,
-- and the admin might make it still.
CREATE TABLE password_resets (
    user_id BLOB PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL,
    workspace_id BLOB REFERENCES workspaces (id) ON DELETE CASCADE,
    made_by BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX password_resets_token ON password_resets (token_hash);
CREATE INDEX password_resets_workspace ON password_resets (workspace_id);
