-- What two admins may change at once tells which of them was faster, and who that was.
ALTER TABLE members ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE members ADD COLUMN changed_by text COLLATE "C";
ALTER TABLE members ADD COLUMN changed_at bigint;

-- Links by which people come to the workspace, at most one an address. Only their hashes are kept; one that is taken or
-- revoked is gone. Who invited has to be allowed to when the link is taken; nobody where it was the operator.
CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    token_hash text COLLATE "C" NOT NULL,
    email text COLLATE "C" NOT NULL,
    name text COLLATE "C",
    role_id uuid NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
    invited_by uuid REFERENCES members (id) ON DELETE CASCADE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE UNIQUE INDEX invitations_token ON invitations (token_hash);
CREATE UNIQUE INDEX invitations_email ON invitations (email);
CREATE INDEX invitations_role ON invitations (role_id);
CREATE INDEX invitations_inviter ON invitations (invited_by);

-- Records that go from one member to another, and how far that has come.
CREATE TABLE hand_overs (
    id uuid PRIMARY KEY,
    from_member uuid NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    to_member uuid NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    asked_by uuid REFERENCES members (id) ON DELETE CASCADE,
    state text COLLATE "C" NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    handed_over bigint NOT NULL,
    left_over bigint NOT NULL,
    place text COLLATE "C",
    problem text COLLATE "C",
    begun_at bigint NOT NULL,
    ended_at bigint
);

CREATE INDEX hand_overs_from ON hand_overs (from_member, begun_at);
CREATE INDEX hand_overs_to ON hand_overs (to_member);
CREATE INDEX hand_overs_asker ON hand_overs (asked_by);
