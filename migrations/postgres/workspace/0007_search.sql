-- What was in the index is indexed again by a data step.
TRUNCATE search_documents;

-- The data steps that are done, and how far one has come that is not.
CREATE TABLE data_steps (
    number bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    place text COLLATE "C",
    finished_at bigint
);
