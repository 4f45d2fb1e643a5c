-- The keys that secrets are sealed with, each sealed itself with the master secret. Version 0 is not here: it is
-- made of the master secret alone.
CREATE TABLE sealing_keys (
    version INTEGER PRIMARY KEY NOT NULL,
    sealed_key TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
