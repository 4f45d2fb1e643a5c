-- Who reads the events of changes, and how far each has come. What was removed unread is behind `missed_through`.
CREATE TABLE event_readers (
    name text COLLATE "C" PRIMARY KEY NOT NULL,
    place bigint NOT NULL,
    missed_through bigint,
    epoch bigint NOT NULL,
    lease_owner uuid,
    lease_until bigint
);

-- Which numbers may still be on their way is told by the locks on the table.
ALTER TABLE outbox_events DROP COLUMN transaction_number;
