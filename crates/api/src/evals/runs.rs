//! Runs of datasets: asked for, read, followed, cancelled, compared.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
};
use futures::StreamExt as _;
use kontor_core::{caller::Caller, grants::Permission};
use kontor_evals::evaluations::{
    CaseFilter, NewRun, RunComparison, RunQuery, RunState, RunSummary, RunView, StoredTrial,
};
use kontor_http::{Admission, Services};
use uuid::Uuid;

use crate::{
    events::{self, EventStream},
    extract::{Evaluates, Holds, Json, NoParameters, Parameter, Parameters, Segments, StreamCaller},
    openapi::Describe as _,
    page::{self, Page},
    problem::{ApiError, Result},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;
const MAX_TRIALS: u32 = 500;

const STATES: [&str; 5] = [
    RunState::Queued.word(),
    RunState::Running.word(),
    RunState::Completed.word(),
    RunState::Failed.word(),
    RunState::Cancelled.word(),
];

const OF_RUNS: [Parameter; 5] = [
    Parameter::new("dataset", Holds::Text, "Only runs of the dataset of this name."),
    Parameter::new("agent", Holds::Text, "Only runs on the agent of this name."),
    Parameter::new("state", Holds::Word(&STATES), "Only runs in this state."),
    Parameter::limit(MAX_LIMIT),
    Parameter::after(),
];

const OF_TRIALS: [Parameter; 4] = [
    Parameter::new("case", Holds::Text, "Only trials of the case of this name."),
    Parameter::new("passed", Holds::Flag, "Only trials that passed, or only those that did not."),
    Parameter::limit(MAX_TRIALS),
    Parameter::after(),
];

const OF_COMPARISON: [Parameter; 2] = [
    Parameter::new("a", Holds::Id, "The run before.").required(),
    Parameter::new("b", Holds::Id, "The run after.").required(),
];

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is("list_runs", "The workspace's runs, the latest first").tag("Evaluations").queries(&OF_RUNS)
    })
    .post_with(start, |op| {
        op.is("start_run", "Asks for a run of a dataset on an agent, which begins by itself")
            .tag("Evaluations")
            .answers::<202, Answer<RunView>>()
    });
    let single = get_with(one, |op| {
        op.is("get_run", "A run: where it stands, and what it came to, by case and tag").tag("Evaluations")
    });
    let cases = get_with(trials, |op| {
        op.is("list_run_cases", "The trials of a run that have ended, with all that was said and done")
            .tag("Evaluations")
            .queries(&OF_TRIALS)
    });
    let cancel =
        post_with(cancel, |op| op.is("cancel_run", "Ends a run that has not ended").tag("Evaluations"));
    let follow = get_with(follow, |op| {
        op.is("follow_run", "What happened in a run, then what happens, to its end")
            .tag("Evaluations")
            .queries(&events::KNOWN)
    });
    let compare = get_with(compare, |op| {
        op.is("compare_runs", "What is different between two runs, paired by case")
            .tag("Evaluations")
            .queries(&OF_COMPARISON)
    });
    ApiRouter::new()
        .api_route("/evals/runs", all)
        .api_route("/evals/runs/{id}", single)
        .api_route("/evals/runs/{id}/cases", cases)
        .api_route("/evals/runs/{id}/cancel", cancel)
        .api_route("/evals/runs/{id}/events", follow)
        .api_route("/evals/compare", compare)
}

async fn list(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    parameters: Parameters,
) -> Result<Answer<Page<RunSummary>>> {
    let parameters = parameters.knowing(&OF_RUNS)?;
    let wanted = match parameters.text("state") {
        None => None,
        Some(word) => Some(RunState::from_word(word).ok_or_else(|| {
            let told = format!("One of {} is expected here.", STATES.join(", "));
            ApiError::issue("state", "unknown_option", told)
        })?),
    };
    let query = RunQuery {
        dataset: parameters.owned("dataset"),
        agent: parameters.owned("agent"),
        state: wanted,
        limit: parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT),
        after: parameters.owned("after"),
    };
    let found = state.evaluations.runs(&caller, query).await?;
    Ok(page::page(found.runs, found.next, None))
}

async fn start(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Json(new): Json<NewRun>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<RunView>)> {
    let started = state.evaluations.start_run(&caller, new).await?;
    let location = format!("/api/evals/runs/{}", started.run.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Answer(started)))
}

async fn one(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<Answer<RunView>> {
    Ok(Answer(state.evaluations.run(&caller, id).await?))
}

async fn trials(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    Segments(id): Segments<Uuid>,
    parameters: Parameters,
) -> Result<Answer<Page<StoredTrial>>> {
    let parameters = parameters.knowing(&OF_TRIALS)?;
    let filter = CaseFilter {
        case: parameters.owned("case"),
        passed: parameters.parsed("passed", "true or false")?,
        after: parameters.parsed("after", "The number of a trial")?.unwrap_or(0),
        limit: parameters.number("limit", 1..=MAX_TRIALS)?.unwrap_or(MAX_LIMIT),
    };
    let (found, has_more) = state.evaluations.trials(&caller, id, filter).await?;
    let next = found.last().filter(|_| has_more).map(|last| last.number.to_string());
    Ok(page::page(found, next, None))
}

async fn cancel(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<Answer<RunView>> {
    Ok(Answer(state.evaluations.cancel_run(&caller, id).await?))
}

async fn follow(
    State(state): State<Services>,
    StreamCaller(caller, credential): StreamCaller,
    Segments(id): Segments<Uuid>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<EventStream> {
    let after = events::position(&headers, parameters)?.map_or(0, |id| id.seq);
    require(&caller)?;
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(ApiError::of)?;
    let events = state.evaluations.follow(&caller, id, after).await?;
    Ok(events::answer(events.take_until(ended), place))
}

async fn compare(
    State(state): State<Services>,
    Evaluates(caller): Evaluates,
    parameters: Parameters,
) -> Result<Answer<RunComparison>> {
    let parameters = parameters.knowing(&OF_COMPARISON)?;
    let given = |name: &str| -> Result<Uuid> {
        let found = parameters.parsed(name, "The id of a run")?;
        found.ok_or_else(|| ApiError::issue(name, "required", "The id of a run is expected here."))
    };
    let (a, b) = (given("a")?, given("b")?);
    Ok(Answer(state.evaluations.compare(&caller, a, b).await?))
}

/// Before a place among the open streams is taken.
fn require(caller: &Caller) -> Result<()> {
    Ok(caller.require(Permission::Evaluations)?)
}
