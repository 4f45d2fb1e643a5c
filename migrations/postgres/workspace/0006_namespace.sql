-- Whose data this is, so that a file or schema in the wrong place is not taken for another's.
CREATE TABLE namespace (
    workspace_id uuid PRIMARY KEY NOT NULL
);
