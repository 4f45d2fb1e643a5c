-- How often a role was changed, and by whom last: nobody has changed it where that is empty.
ALTER TABLE roles ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE roles ADD COLUMN changed_by TEXT;
ALTER TABLE roles ADD COLUMN changed_at INTEGER;
