-- Whose data this is, so that a file or schema in the wrong place is not taken for another's.
CREATE TABLE namespace (
    workspace_id BLOB PRIMARY KEY NOT NULL
) STRICT;
