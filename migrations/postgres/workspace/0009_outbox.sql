-- An event is the entry that the timeline keeps of the change: when it happened, by whom and what it changed
-- stands there, and need not stand twice.
UPDATE outbox_events SET id = COALESCE((
    SELECT entry.id FROM timeline_entries AS entry
    WHERE entry.record_id = outbox_events.record_id
        AND entry.name = outbox_events.name
        AND entry.happened_at = outbox_events.happened_at
        AND entry.linked_id IS NULL
    ORDER BY entry.id
    LIMIT 1
), id);
ALTER TABLE outbox_events DROP COLUMN happened_at;
ALTER TABLE outbox_events DROP COLUMN actor;
ALTER TABLE outbox_events DROP COLUMN changes;
