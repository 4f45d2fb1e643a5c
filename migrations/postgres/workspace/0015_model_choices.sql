-- What the workspace has set of its models, as one JSON document each: under `settings` which models it uses, under
-- the id of a model (which has a slash in it) what it knows of it otherwise.
CREATE TABLE model_choices (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    document text COLLATE "C" NOT NULL,
    set_by text COLLATE "C" NOT NULL,
    set_at bigint NOT NULL
);
