//! Trials of a prompt: a chat with its agent in a copy of the workspace, which changes nothing. What a chat is made of
//! is answered as everywhere, by the services of the copy.

use std::sync::Arc;

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header},
};
use futures::{StreamExt as _, future};
use kontor_agents::{AnsweredApproval, AnyApproval, NewTrial, StartedTurn, Turn};
use kontor_core::{
    caller::Caller,
    ids::{ApprovalId, TurnId},
};
use kontor_evals::trials::{Trial, TrialChange, TrialSummary};
use kontor_http::{Admission, Services};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    approvals::{self, Resolution},
    events::{self, EventStream},
    extract::{IdempotencyKey, Json, NoParameters, Parameters, Segments, SignedIn, StreamCaller},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
    turns::{self, NewTurn},
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is("list_trials", "The caller's trials of an agent's prompt, the latest first").tag("Agents")
    })
    .post_with(begin, |op| {
        op.is("begin_trial", "Begins a chat on a prompt in a copy of the workspace, which changes nothing")
            .tag("Agents")
            .answers::<201, Answer<TrialView>>()
    });
    let single =
        get_with(one, |op| op.is("get_trial", "A trial, with what it would have changed").tag("Agents"))
            .delete_with(end, |op| {
                op.is("end_trial", "Ends a trial and removes its copy").tag("Agents").answers::<204, ()>()
            });
    let start = post_with(start, |op| {
        op.is("start_trial_turn", "Sends a message in a trial")
            .tag("Agents")
            .answers::<202, Answer<StartedTurn>>()
    });
    let turn = get_with(turn, |op| op.is("get_trial_turn", "A turn of a trial").tag("Agents"));
    let cancel = post_with(cancel, |op| {
        op.is("cancel_trial_turn", "Ends a turn of a trial that has not ended")
            .tag("Agents")
            .answers::<202, Answer<Turn>>()
    });
    let events = get_with(follow, |op| {
        op.is("follow_trial", "What was logged in a trial, then what happens")
            .tag("Agents")
            .queries(&events::KNOWN)
    });
    let approvals = get_with(approvals, |op| {
        op.is("list_trial_approvals", "The calls of a trial that wait for the caller's word")
            .tag("Agents")
            .queries(&approvals::KNOWN)
    });
    let resolve = post_with(resolve, |op| {
        op.is("resolve_trial_approval", "Allows a call of a trial or denies it").tag("Agents")
    });
    ApiRouter::new()
        .api_route("/agents/{name}/trials", all)
        .api_route("/agents/{name}/trials/{trial}", single)
        .api_route("/agents/{name}/trials/{trial}/turns", start)
        .api_route("/agents/{name}/trials/{trial}/turns/{turn}", turn)
        .api_route("/agents/{name}/trials/{trial}/turns/{turn}/cancel", cancel)
        .api_route("/agents/{name}/trials/{trial}/events", events)
        .api_route("/agents/{name}/trials/{trial}/approvals", approvals)
        .api_route("/agents/{name}/trials/{trial}/approvals/{approval}", resolve)
}

/// A trial, with what it would have changed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Trial")]
struct TrialView {
    #[serde(flatten)]
    summary: TrialSummary,
    changes: Vec<TrialChange>,
}

/// A trial of the caller's, with the services of its copy and who the caller is there.
struct Found {
    trial: Arc<Trial>,
    services: Services,
    caller: Caller,
}

impl Found {
    async fn new(state: &Services, caller: &Caller, agent: &str, id: Uuid) -> Result<Self> {
        let trial = state.trials.find(caller, agent, id).await?;
        Ok(Self { services: state.within(&trial), caller: trial.caller().clone(), trial })
    }
}

async fn begin(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewTrial>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<TrialView>)> {
    let trial = state.trials.begin(&caller, &name, new).await?;
    let location = format!("/api/agents/{name}/trials/{}", trial.id());
    let view = TrialView { summary: trial.summary(), changes: Vec::new() };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(view)))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Whole<TrialSummary>>> {
    Ok(page::whole(state.trials.list(&caller, &name).await?))
}

async fn one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((name, id)): Segments<(String, Uuid)>,
) -> Result<Answer<TrialView>> {
    let trial = state.trials.find(&caller, &name, id).await?;
    Ok(Answer(TrialView { summary: trial.summary(), changes: trial.changes().await? }))
}

async fn end(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((name, id)): Segments<(String, Uuid)>,
) -> Result<StatusCode> {
    state.trials.end(&caller, &name, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn start(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    none: NoParameters,
    Segments((name, id)): Segments<(String, Uuid)>,
    key: IdempotencyKey,
    turn: Json<NewTurn>,
) -> Result<(StatusCode, Answer<StartedTurn>)> {
    let Found { trial, services, caller } = Found::new(&state, &caller, &name, id).await?;
    turns::start(State(services), SignedIn(caller), none, Segments(trial.session()), key, turn).await
}

async fn turn(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    none: NoParameters,
    Segments((name, id, turn)): Segments<(String, Uuid, TurnId)>,
) -> Result<Answer<Turn>> {
    let Found { services, caller, .. } = Found::new(&state, &caller, &name, id).await?;
    turns::one(State(services), SignedIn(caller), none, Segments(turn)).await
}

async fn cancel(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    none: NoParameters,
    Segments((name, id, turn)): Segments<(String, Uuid, TurnId)>,
) -> Result<(StatusCode, Answer<Turn>)> {
    let Found { services, caller, .. } = Found::new(&state, &caller, &name, id).await?;
    turns::cancel(State(services), SignedIn(caller), none, Segments(turn)).await
}

async fn follow(
    State(state): State<Services>,
    StreamCaller(caller, credential): StreamCaller,
    Segments((name, id)): Segments<(String, Uuid)>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<EventStream> {
    let after = events::position(&headers, parameters)?;
    let Found { trial, services, caller: acting } = Found::new(&state, &caller, &name, id).await?;
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(ApiError::of)?;
    let events = services.agents.subscribe(&acting, trial.session(), after).await?;
    let over = future::select(ended, state.trials.until_over(&trial));
    Ok(events::answer(events.take_until(over), place))
}

async fn approvals(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments((name, id)): Segments<(String, Uuid)>,
    parameters: Parameters,
) -> Result<Answer<Whole<AnyApproval>>> {
    let Found { services, caller, .. } = Found::new(&state, &caller, &name, id).await?;
    approvals::list(State(services), SignedIn(caller), parameters).await
}

async fn resolve(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    none: NoParameters,
    Segments((name, id, approval)): Segments<(String, Uuid, ApprovalId)>,
    resolution: Json<Resolution>,
) -> Result<Answer<AnsweredApproval>> {
    let Found { services, caller, .. } = Found::new(&state, &caller, &name, id).await?;
    approvals::resolve(State(services), SignedIn(caller), none, Segments(approval), resolution).await
}
