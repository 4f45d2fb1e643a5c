-- The keys that secrets are sealed with, each sealed itself with the master secret. Version 0 is not here: it is
-- made of the master secret alone.
CREATE TABLE sealing_keys (
    version bigint PRIMARY KEY NOT NULL,
    sealed_key text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);
