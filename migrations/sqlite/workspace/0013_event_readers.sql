-- Who reads the events of changes, and how far each has come. What was removed unread is behind `missed_through`.
CREATE TABLE event_readers (
    name TEXT PRIMARY KEY NOT NULL,
    place INTEGER NOT NULL,
    missed_through INTEGER,
    epoch INTEGER NOT NULL,
    lease_owner BLOB,
    lease_until INTEGER
) STRICT;

ALTER TABLE outbox_events DROP COLUMN transaction_number;
