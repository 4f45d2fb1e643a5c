-- What two admins may change at once tells which of them was faster, and who that was.
ALTER TABLE members ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE members ADD COLUMN changed_by TEXT;
ALTER TABLE members ADD COLUMN changed_at INTEGER;

-- Links by which people come to the workspace, at most one an address. Only their hashes are kept; one that is taken or
-- revoked is gone. Who invited has to be allowed to when the link is taken; nobody where it was the operator.
CREATE TABLE invitations (
    id BLOB PRIMARY KEY NOT NULL,
    token_hash TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT,
    role_id BLOB NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    invited_by BLOB REFERENCES members (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
CREATE UNIQUE INDEX invitations_email ON invitations (email);
CREATE INDEX invitations_role ON invitations (role_id);
CREATE INDEX invitations_inviter ON invitations (invited_by);

-- Records that go from one member to another, and how far that has come.
CREATE TABLE hand_overs (
    id BLOB PRIMARY KEY NOT NULL,
    from_member BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    to_member BLOB NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    asked_by BLOB REFERENCES members (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    handed_over INTEGER NOT NULL,
    left_over INTEGER NOT NULL,
    place TEXT,
    problem TEXT,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX hand_overs_from ON hand_overs (from_member, begun_at);
CREATE INDEX hand_overs_to ON hand_overs (to_member);
CREATE INDEX hand_overs_asker ON hand_overs (asked_by);
