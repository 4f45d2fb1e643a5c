-- How members left the lists of objects: what narrows and orders them and which columns they have, as the query of the
-- list's address. An object that is not here has its list as it comes.
CREATE TABLE list_states (
    member_id uuid NOT NULL,
    object text COLLATE "C" NOT NULL,
    query text COLLATE "C" NOT NULL,
    changed_at bigint NOT NULL,
    PRIMARY KEY (member_id, object)
);
