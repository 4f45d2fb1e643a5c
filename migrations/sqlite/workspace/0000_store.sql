-- Text search: the row ids of the index, and the index itself, which keeps no copy of the tokens.
CREATE TABLE search_documents (
    id INTEGER PRIMARY KEY,
    object TEXT NOT NULL,
    record_id BLOB NOT NULL,
    UNIQUE (object, record_id)
) STRICT;

CREATE VIRTUAL TABLE search_index USING fts5 (
    tokens,
    content = '',
    contentless_delete = 1,
    tokenize = "ascii tokenchars '!""#$%&()*+,-./:;<=>?@[\]^_`{|}~'"
);
