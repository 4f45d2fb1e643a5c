-- Calls that reach outside, each at most once: that one begins is committed before, and what came of it after.
CREATE TABLE outside_calls (
    key text COLLATE "C" NOT NULL PRIMARY KEY,
    operation text COLLATE "C" NOT NULL,
    arguments text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    node uuid NOT NULL,
    state text COLLATE "C" NOT NULL,
    outcome text COLLATE "C",
    attempts bigint NOT NULL,
    begun_at bigint NOT NULL,
    ended_at bigint
);

-- Whether a call has begun is known of the call itself.
ALTER TABLE turns DROP COLUMN intent;
