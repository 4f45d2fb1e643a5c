-- What the workspace has set of its models, as one JSON document each: under `settings` which models it uses, under
-- the id of a model (which has a slash in it) what it knows of it otherwise.
CREATE TABLE model_choices (
    name TEXT PRIMARY KEY NOT NULL,
    document TEXT NOT NULL,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL
) STRICT;
