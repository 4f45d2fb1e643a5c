-- What each answer of a model has used up. A row is written with the event of the session's log that tells it, and is
-- known by its number; it outlives the session, since it is an account.
CREATE TABLE usage (
    session_id uuid NOT NULL,
    seq bigint NOT NULL,
    turn_id uuid NOT NULL,
    step bigint NOT NULL,
    agent_id uuid NOT NULL,
    member_id uuid NOT NULL,
    model text COLLATE "C" NOT NULL,
    day text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    input_tokens bigint NOT NULL,
    cached_input_tokens bigint NOT NULL,
    cache_write_tokens bigint NOT NULL,
    output_tokens bigint NOT NULL,
    reasoning_tokens bigint NOT NULL,
    cost_micros bigint,
    latency_ms bigint NOT NULL,
    PRIMARY KEY (session_id, seq)
);

-- What a day has used up so far is read from the index alone: it is asked before each request where there is a budget.
CREATE INDEX usage_by_day ON usage (day, agent_id, member_id, input_tokens, output_tokens, cost_micros);

-- What may be used up: by one turn, and in a day by an agent, a member or the workspace. Without a subject it is for
-- each that has no budget of its own.
CREATE TABLE budgets (
    scope text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    cost_micros bigint,
    tokens bigint,
    set_by text COLLATE "C" NOT NULL,
    set_at bigint NOT NULL,
    PRIMARY KEY (scope, subject)
);
