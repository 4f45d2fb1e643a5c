-- What each answer of a model has used up. A row is written with the event of the session's log that tells it, and is
-- known by its number; it outlives the session, since it is an account.
CREATE TABLE usage (
    session_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    turn_id BLOB NOT NULL,
    step INTEGER NOT NULL,
    agent_id BLOB NOT NULL,
    member_id BLOB NOT NULL,
    model TEXT NOT NULL,
    day TEXT NOT NULL,
    at INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    cost_micros INTEGER,
    latency_ms INTEGER NOT NULL,
    PRIMARY KEY (session_id, seq)
) STRICT;

-- What a day has used up so far is read from the index alone: it is asked before each request where there is a budget.
CREATE INDEX usage_by_day ON usage (day, agent_id, member_id, input_tokens, output_tokens, cost_micros);

-- What may be used up: by one turn, and in a day by an agent, a member or the workspace. Without a subject it is for
-- each that has no budget of its own.
CREATE TABLE budgets (
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    cost_micros INTEGER,
    tokens INTEGER,
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (scope, subject)
) STRICT;
