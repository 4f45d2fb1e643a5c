-- Ways to look at an object's records: as a table, a board by a field's options or a calendar by a date, with what
-- narrows and orders them and what is shown of each. One without an owner was made by no member.
CREATE TABLE views (
    id uuid NOT NULL PRIMARY KEY,
    object text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    group_by text COLLATE "C",
    filter text COLLATE "C",
    sort text COLLATE "C",
    columns text COLLATE "C",
    visibility text COLLATE "C" NOT NULL,
    icon text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    owner_id uuid,
    created_by text COLLATE "C" NOT NULL,
    updated_by text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);

CREATE INDEX views_of_object ON views (object, position);
