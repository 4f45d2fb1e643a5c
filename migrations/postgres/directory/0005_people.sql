-- When a member was last seen, which outlives their sign-ins.
ALTER TABLE memberships ADD COLUMN last_seen_at bigint;

-- Links by which a forgotten password is set anew, at most one a user. Only their hashes are kept. One that an admin
-- made counts only as long as the user belongs to that admin's workspace alone,
-- and the admin might make it still.
CREATE TABLE password_resets (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    token_hash text COLLATE "C" NOT NULL,
    workspace_id uuid REFERENCES workspaces (id) ON DELETE CASCADE,
    made_by uuid,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE UNIQUE INDEX password_resets_token ON password_resets (token_hash);
CREATE INDEX password_resets_workspace ON password_resets (workspace_id);
