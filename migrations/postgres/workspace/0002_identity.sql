-- What members of the workspace may do, and who they are.
CREATE TABLE roles (
    id uuid PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    label text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    grants text COLLATE "C" NOT NULL,
    is_standard boolean NOT NULL
);

CREATE UNIQUE INDEX roles_name ON roles (name);

CREATE TABLE members (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    email text COLLATE "C" NOT NULL,
    role_id uuid NOT NULL REFERENCES roles (id),
    status text COLLATE "C" NOT NULL CHECK (status IN ('active', 'inactive')),
    created_at bigint NOT NULL
);

CREATE UNIQUE INDEX members_user ON members (user_id);
CREATE INDEX members_role ON members (role_id);
