-- What the workspace (its scope is nil) and each member have set, as one JSON document each.
CREATE TABLE settings (
    scope BLOB PRIMARY KEY NOT NULL,
    document TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
