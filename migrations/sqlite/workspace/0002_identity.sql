-- What members of the workspace may do, and who they are.
CREATE TABLE roles (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    description TEXT NOT NULL,
    grants TEXT NOT NULL,
    is_standard INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX roles_name ON roles (name);

CREATE TABLE members (
    id BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    role_id BLOB NOT NULL REFERENCES roles (id),
    status TEXT NOT NULL CHECK (status IN ('active', 'inactive')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX members_user ON members (user_id);
CREATE INDEX members_role ON members (role_id);
