-- Ways to look at an object's records: as a table, a board by a field's options or a calendar by a date, with what
-- narrows and orders them and what is shown of each. One without an owner was made by no member.
CREATE TABLE views (
    id BLOB NOT NULL PRIMARY KEY,
    object TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    group_by TEXT,
    filter TEXT,
    sort TEXT,
    columns TEXT,
    visibility TEXT NOT NULL,
    icon TEXT NOT NULL,
    position INTEGER NOT NULL,
    owner_id BLOB,
    created_by TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX views_of_object ON views (object, position);
