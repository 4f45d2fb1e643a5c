-- What the workspace's records are made of: one row counts the changes, the others say what there is.
CREATE TABLE metadata_version (
    id bigint PRIMARY KEY,
    version bigint NOT NULL
);

INSERT INTO metadata_version (id, version) VALUES (1, 0);

CREATE TABLE metadata_objects (
    id uuid NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    plural text COLLATE "C" NOT NULL UNIQUE,
    position bigint NOT NULL,
    definition text COLLATE "C" NOT NULL
);

CREATE TABLE metadata_fields (
    id uuid NOT NULL PRIMARY KEY,
    object_id uuid NOT NULL REFERENCES metadata_objects (id),
    name text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    definition text COLLATE "C" NOT NULL,
    UNIQUE (object_id, name)
);

-- What happened to a record, for people to read. The ids sort by time.
CREATE TABLE timeline_entries (
    id uuid NOT NULL,
    object text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    record_label text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    happened_at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    changes text COLLATE "C" NOT NULL,
    linked_object text COLLATE "C",
    linked_id uuid,
    linked_label text COLLATE "C",
    PRIMARY KEY (record_id, id)
);

-- What happened to a record, for programs to be told. A sequence is given when the row is written, not when
-- it is committed; transaction_number tells on PostgreSQL which of them may still be on their way.
CREATE TABLE outbox_events (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_number bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    object text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    action text COLLATE "C" NOT NULL,
    happened_at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    changes text COLLATE "C" NOT NULL
);

-- Who changed what the workspace itself is.
CREATE TABLE audit_entries (
    id uuid NOT NULL PRIMARY KEY,
    action text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    happened_at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    details text COLLATE "C" NOT NULL
);
