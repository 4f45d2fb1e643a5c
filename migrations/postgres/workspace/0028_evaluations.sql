-- The datasets of evaluations that a workspace keeps.
CREATE TABLE eval_datasets (
    id uuid PRIMARY KEY NOT NULL,
    name text COLLATE "C" NOT NULL UNIQUE,
    version bigint NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL
);

-- What a dataset said from one change to the next. A version stays when its dataset is removed: runs were made of it.
CREATE TABLE eval_dataset_versions (
    dataset_id uuid NOT NULL,
    version bigint NOT NULL,
    digest text COLLATE "C" NOT NULL,
    description text COLLATE "C" NOT NULL,
    tags text COLLATE "C" NOT NULL,
    cases bigint NOT NULL,
    is_json boolean NOT NULL,
    source text COLLATE "C" NOT NULL,
    content text COLLATE "C" NOT NULL,
    made_by text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    PRIMARY KEY (dataset_id, version)
);

-- Runs of a dataset on an agent as it was when the run was asked for.
CREATE TABLE eval_runs (
    id uuid PRIMARY KEY NOT NULL,
    dataset_id uuid,
    dataset text COLLATE "C" NOT NULL,
    dataset_version bigint,
    dataset_digest text COLLATE "C" NOT NULL,
    agent_id uuid,
    agent text COLLATE "C" NOT NULL,
    agent_version bigint,
    prompt_version bigint,
    label text COLLATE "C",
    prompt text COLLATE "C",
    subject text COLLATE "C",
    choice text COLLATE "C" NOT NULL,
    model text COLLATE "C",
    models text COLLATE "C" NOT NULL,
    trials bigint NOT NULL,
    concurrency bigint NOT NULL,
    tags text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    problem text COLLATE "C",
    planned bigint NOT NULL,
    done bigint NOT NULL,
    passed bigint NOT NULL,
    report text COLLATE "C",
    origin text COLLATE "C" NOT NULL,
    member_id uuid,
    made_by text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    started_at bigint,
    ended_at bigint
);

CREATE INDEX eval_runs_by_time ON eval_runs (created_at, id);

CREATE INDEX eval_runs_by_subject ON eval_runs (subject, created_at, id);

CREATE INDEX eval_runs_by_state ON eval_runs (state, created_at, id);

-- Trials that have ended, numbered as they did.
CREATE TABLE eval_trials (
    run_id uuid NOT NULL REFERENCES eval_runs (id) ON DELETE CASCADE,
    number bigint NOT NULL,
    dataset text COLLATE "C" NOT NULL,
    case_name text COLLATE "C" NOT NULL,
    attacked boolean NOT NULL,
    trial bigint NOT NULL,
    passed boolean NOT NULL,
    passed_so_far bigint NOT NULL,
    record text COLLATE "C" NOT NULL,
    ended_at bigint NOT NULL,
    PRIMARY KEY (run_id, number)
);

CREATE UNIQUE INDEX eval_trials_once ON eval_trials (run_id, dataset, case_name, attacked, trial);
