-- What a turn was begun by, where that was software: it goes on within what the member let that do, and no further.
ALTER TABLE turns ADD COLUMN delegation_id BLOB;
