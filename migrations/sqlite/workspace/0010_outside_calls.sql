-- Calls that reach outside, each at most once: that one begins is committed before, and what came of it after.
CREATE TABLE outside_calls (
    key TEXT NOT NULL PRIMARY KEY,
    operation TEXT NOT NULL,
    arguments TEXT NOT NULL,
    actor TEXT NOT NULL,
    node BLOB NOT NULL,
    grants TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    attempts INTEGER NOT NULL,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE INDEX outside_calls_open ON outside_calls (begun_at) WHERE state = 'begun';
CREATE INDEX outside_calls_ended ON outside_calls (ended_at);

-- Whether a call has begun is known of the call itself.
ALTER TABLE turns DROP COLUMN intent;
