-- Values that belong to one live record each, where a record has several of a field: mail addresses.
CREATE TABLE claimed_values (
    object TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    record_id BLOB NOT NULL,
    PRIMARY KEY (object, field, value)
) STRICT, WITHOUT ROWID;
