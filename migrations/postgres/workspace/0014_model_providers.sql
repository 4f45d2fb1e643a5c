-- What others gave the workspace in confidence, each sealed and bound to the workspace and its name.
CREATE TABLE secrets (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    sealed text COLLATE "C" NOT NULL,
    changed_at bigint NOT NULL
);

-- The providers of models that the workspace brings itself. Their keys are secrets; of a key the last letters stand
-- here, to be known by.
CREATE TABLE model_providers (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    base_url text COLLATE "C",
    api_version text COLLATE "C",
    key_ending text COLLATE "C",
    set_by text COLLATE "C" NOT NULL,
    set_at bigint NOT NULL
);
