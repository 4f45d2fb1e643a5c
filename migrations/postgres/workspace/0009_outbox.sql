-- An event is the entry that the timeline keeps of the change: when it happened, by whom and what it changed
-- stands there, and need not stand twice. Changes of one instant are paired in their order.
CREATE TABLE outbox_events_by_entry (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_number bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    object text COLLATE "C" NOT NULL,
    record_id uuid NOT NULL,
    action text COLLATE "C" NOT NULL
);

INSERT INTO outbox_events_by_entry (sequence, transaction_number, id, name, object, record_id, action)
OVERRIDING SYSTEM VALUE
SELECT event.sequence, event.transaction_number, COALESCE(entry.id, event.id), event.name, event.object,
    event.record_id, event.action
FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY record_id, name, happened_at ORDER BY sequence) AS place
    FROM outbox_events
) AS event
LEFT JOIN (
    SELECT id, record_id, name, happened_at,
        ROW_NUMBER() OVER (PARTITION BY record_id, name, happened_at ORDER BY id) AS place
    FROM timeline_entries
    WHERE linked_id IS NULL
) AS entry
ON entry.record_id = event.record_id
    AND entry.name = event.name
    AND entry.happened_at = event.happened_at
    AND entry.place = event.place
ORDER BY event.sequence;

SELECT setval(pg_get_serial_sequence('outbox_events_by_entry', 'sequence'), last)
FROM (SELECT MAX(sequence) AS last FROM outbox_events_by_entry) AS events
WHERE last IS NOT NULL;

DROP TABLE outbox_events;
ALTER TABLE outbox_events_by_entry RENAME TO outbox_events;
