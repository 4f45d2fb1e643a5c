-- Values that belong to one live record each, where a record has several of a field: mail addresses.
CREATE TABLE claimed_values (
    object text COLLATE "C" NOT NULL,
    field text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    PRIMARY KEY (object, field, value)
);
