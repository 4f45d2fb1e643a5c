-- What the workspace (its scope is nil) and each member have set, as one JSON document each.
CREATE TABLE settings (
    scope uuid NOT NULL PRIMARY KEY,
    document text COLLATE "C" NOT NULL,
    changed_at bigint NOT NULL
);
