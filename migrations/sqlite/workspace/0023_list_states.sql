-- How members left the lists of objects: what narrows and orders them and which columns they have, as the query of the
-- list's address. An object that is not here has its list as it comes.
CREATE TABLE list_states (
    member_id BLOB NOT NULL,
    object TEXT NOT NULL,
    query TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (member_id, object)
) STRICT;
