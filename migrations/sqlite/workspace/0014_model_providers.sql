-- What others gave the workspace in confidence, each sealed and bound to the workspace and its name.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY NOT NULL,
    sealed TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- The providers of models that the workspace brings itself. Their keys are secrets; of a key the last letters stand
-- here, to be known by.
CREATE TABLE model_providers (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    base_url TEXT,
    api_version TEXT,
    key_ending TEXT,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL
) STRICT;
