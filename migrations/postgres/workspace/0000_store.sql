-- Text search: one document of tokens for each record.
CREATE TABLE search_documents (
    object text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    tokens tsvector NOT NULL,
    PRIMARY KEY (object, record_id)
);

CREATE INDEX search_documents_tokens ON search_documents USING gin (tokens);
