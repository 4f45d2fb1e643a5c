-- What the workspace's records are made of: one row counts the changes, the others say what there is.
CREATE TABLE metadata_version (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL
) STRICT;

INSERT INTO metadata_version (id, version) VALUES (1, 0);

CREATE TABLE metadata_objects (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    plural TEXT NOT NULL UNIQUE,
    position INTEGER NOT NULL,
    definition TEXT NOT NULL
) STRICT;

CREATE TABLE metadata_fields (
    id BLOB NOT NULL PRIMARY KEY,
    object_id BLOB NOT NULL REFERENCES metadata_objects (id),
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    definition TEXT NOT NULL,
    UNIQUE (object_id, name)
) STRICT;

-- What happened to a record, for people to read. The ids sort by time.
CREATE TABLE timeline_entries (
    id BLOB NOT NULL,
    object TEXT NOT NULL,
    record_id BLOB NOT NULL,
    record_label TEXT NOT NULL,
    name TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    changes TEXT NOT NULL,
    linked_object TEXT,
    linked_id BLOB,
    linked_label TEXT,
    PRIMARY KEY (record_id, id)
) STRICT;

-- What happened to a record, for programs to be told. A sequence is given when the row is written, not when
-- it is committed; transaction_number tells on PostgreSQL which of them may still be on their way.
CREATE TABLE outbox_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    transaction_number INTEGER NOT NULL DEFAULT 0,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    object TEXT NOT NULL,
    record_id BLOB NOT NULL,
    action TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    changes TEXT NOT NULL
) STRICT;

-- Who changed what the workspace itself is.
CREATE TABLE audit_entries (
    id BLOB NOT NULL PRIMARY KEY,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
