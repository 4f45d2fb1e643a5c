-- How often a role was changed, and by whom last: nobody has changed it where that is empty.
ALTER TABLE roles ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE roles ADD COLUMN changed_by text COLLATE "C";
ALTER TABLE roles ADD COLUMN changed_at bigint;
