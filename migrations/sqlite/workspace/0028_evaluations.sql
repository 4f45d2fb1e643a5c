-- The datasets of evaluations that a workspace keeps.
CREATE TABLE eval_datasets (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- What a dataset said from one change to the next. A version stays when its dataset is removed: runs were made of it.
CREATE TABLE eval_dataset_versions (
    dataset_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL,
    cases INTEGER NOT NULL,
    is_json INTEGER NOT NULL,
    source TEXT NOT NULL,
    content TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (dataset_id, version)
) STRICT;

-- Runs of a dataset on an agent as it was when the run was asked for.
CREATE TABLE eval_runs (
    id BLOB PRIMARY KEY NOT NULL,
    dataset_id BLOB,
    dataset TEXT NOT NULL,
    dataset_version INTEGER,
    dataset_digest TEXT NOT NULL,
    agent_id BLOB,
    agent TEXT NOT NULL,
    agent_version INTEGER,
    prompt_version INTEGER,
    label TEXT,
    prompt TEXT,
    subject TEXT,
    choice TEXT NOT NULL,
    model TEXT,
    models TEXT NOT NULL,
    trials INTEGER NOT NULL,
    concurrency INTEGER NOT NULL,
    tags TEXT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT,
    planned INTEGER NOT NULL,
    done INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    report TEXT,
    origin TEXT NOT NULL,
    member_id BLOB,
    made_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER
) STRICT;

CREATE INDEX eval_runs_by_time ON eval_runs (created_at, id);

CREATE INDEX eval_runs_by_subject ON eval_runs (subject, created_at, id);

CREATE INDEX eval_runs_by_state ON eval_runs (state, created_at, id);

-- Trials that have ended, numbered as they did.
CREATE TABLE eval_trials (
    run_id BLOB NOT NULL REFERENCES eval_runs (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    case_name TEXT NOT NULL,
    attacked INTEGER NOT NULL,
    trial INTEGER NOT NULL,
    passed INTEGER NOT NULL,
    passed_so_far INTEGER NOT NULL,
    record TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, number)
) STRICT;

CREATE UNIQUE INDEX eval_trials_once ON eval_trials (run_id, dataset, case_name, attacked, trial);
