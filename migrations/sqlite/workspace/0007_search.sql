-- The index of words anew, with the beginnings of one to three letters; what was in it is indexed again by a
-- data step.
DROP TABLE search_index;
DELETE FROM search_documents;

CREATE VIRTUAL TABLE search_index USING fts5 (
    tokens,
    content = '',
    contentless_delete = 1,
    detail = none,
    prefix = '2 3 4',
    tokenize = "ascii tokenchars '''!""#$%&()*+,-./:;<=>?@[\]^_`{|}~'"
);

-- Documents that the index does not hold yet, or holds as they were: it takes many at once at a fraction of
-- the cost of one.
CREATE TABLE search_pending (
    id INTEGER PRIMARY KEY,
    tokens TEXT NOT NULL
) STRICT;

-- The data steps that are done, and how far one has come that is not.
CREATE TABLE data_steps (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    place TEXT,
    finished_at INTEGER
) STRICT;
