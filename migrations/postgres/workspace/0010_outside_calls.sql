-- Calls that reach outside, each at most once: that one begins is committed before, and what came of it after.
CREATE TABLE outside_calls (
    key text COLLATE "C" NOT NULL PRIMARY KEY,
    operation text COLLATE "C" NOT NULL,
    arguments text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    node uuid NOT NULL,
    grants text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    outcome text COLLATE "C",
    attempts bigint NOT NULL,
    begun_at bigint NOT NULL,
    ended_at bigint
);

CREATE INDEX outside_calls_open ON outside_calls (begun_at) WHERE state = 'begun';
CREATE INDEX outside_calls_ended ON outside_calls (ended_at);

-- Whether a call has begun is known of the call itself.
ALTER TABLE turns DROP COLUMN intent;
