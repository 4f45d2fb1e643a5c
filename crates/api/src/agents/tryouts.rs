//! Tryouts of a prompt: a chat with its agent in a copy of the workspace, which changes nothing. What a chat is made of
//! is answered as everywhere, by the services of the copy.

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
use kontor_agents::{AnsweredApproval, AnyApproval, NewTryout, StartedTurn, Turn};
use kontor_core::ids::{ApprovalId, TurnId};
use kontor_evals::tryouts::{TryoutChange, TryoutSummary};
use kontor_http::{Admission, OpenTryout, Services};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    approvals::{self, Resolution},
    events::{self, EventStream},
    extract::{
        Chatting, IdempotencyKey, Json, NoParameters, Parameters, Segments, SignedIn, StreamCaller,
        WritesPrompts,
    },
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
    turns::{self, NewTurn},
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is("list_tryouts", "The caller's tryouts of an agent's prompt, the latest first").tag("Agents")
    })
    .post_with(begin, |op| {
        op.is("begin_tryout", "Begins a chat on a prompt in a copy of the workspace, which changes nothing")
            .tag("Agents")
            .answers::<201, Answer<TryoutView>>()
    });
    let single =
        get_with(one, |op| op.is("get_tryout", "A tryout, with what it would have changed").tag("Agents"))
            .delete_with(end, |op| {
                op.is("end_tryout", "Ends a tryout and removes its copy").tag("Agents").answers::<204, ()>()
            });
    let start = post_with(start, |op| {
        op.is("start_tryout_turn", "Sends a message in a tryout")
            .tag("Agents")
            .answers::<202, Answer<StartedTurn>>()
    });
    let turn = get_with(turn, |op| op.is("get_tryout_turn", "A turn of a tryout").tag("Agents"));
    let cancel = post_with(cancel, |op| {
        op.is("cancel_tryout_turn", "Ends a turn of a tryout that has not ended")
            .tag("Agents")
            .answers::<202, Answer<Turn>>()
    });
    let events = get_with(follow, |op| {
        op.is("follow_tryout", "What was logged in a tryout, then what happens")
            .tag("Agents")
            .queries(&events::KNOWN)
    });
    let approvals = get_with(approvals, |op| {
        op.is("list_tryout_approvals", "The calls of a tryout that wait for the caller's word")
            .tag("Agents")
            .queries(&approvals::KNOWN)
    });
    let resolve = post_with(resolve, |op| {
        op.is("resolve_tryout_approval", "Allows a call of a tryout or denies it").tag("Agents")
    });
    ApiRouter::new()
        .api_route("/agents/{name}/tryouts", all)
        .api_route("/agents/{name}/tryouts/{tryout}", single)
        .api_route("/agents/{name}/tryouts/{tryout}/turns", start)
        .api_route("/agents/{name}/tryouts/{tryout}/turns/{turn}", turn)
        .api_route("/agents/{name}/tryouts/{tryout}/turns/{turn}/cancel", cancel)
        .api_route("/agents/{name}/tryouts/{tryout}/events", events)
        .api_route("/agents/{name}/tryouts/{tryout}/approvals", approvals)
        .api_route("/agents/{name}/tryouts/{tryout}/approvals/{approval}", resolve)
}

/// A tryout, with what it would have changed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Tryout")]
struct TryoutView {
    #[serde(flatten)]
    summary: TryoutSummary,
    changes: Vec<TryoutChange>,
}

async fn begin(
    State(state): State<Services>,
    WritesPrompts(caller): WritesPrompts,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewTryout>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<TryoutView>)> {
    let tryout = state.tryouts.begin(&caller, &name, new).await?;
    let location = format!("/api/agents/{name}/tryouts/{}", tryout.id());
    let view = TryoutView { summary: tryout.summary(), changes: Vec::new() };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(view)))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Whole<TryoutSummary>>> {
    Ok(page::whole(state.tryouts.list(&caller, &name).await?))
}

async fn one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((name, id)): Segments<(String, Uuid)>,
) -> Result<Answer<TryoutView>> {
    let tryout = state.tryouts.find(&caller, &name, id).await?;
    Ok(Answer(TryoutView { summary: tryout.summary(), changes: tryout.changes().await? }))
}

async fn end(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((name, id)): Segments<(String, Uuid)>,
) -> Result<StatusCode> {
    state.tryouts.end(&caller, &name, id).await?;
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
    let OpenTryout { tryout, services, caller } = state.tryout(&caller, &name, id).await?;
    turns::start(State(services), Chatting(caller), none, Segments(tryout.session()), key, turn).await
}

async fn turn(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    none: NoParameters,
    Segments((name, id, turn)): Segments<(String, Uuid, TurnId)>,
) -> Result<Answer<Turn>> {
    let OpenTryout { services, caller, .. } = state.tryout(&caller, &name, id).await?;
    turns::one(State(services), Chatting(caller), none, Segments(turn)).await
}

async fn cancel(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    none: NoParameters,
    Segments((name, id, turn)): Segments<(String, Uuid, TurnId)>,
) -> Result<(StatusCode, Answer<Turn>)> {
    let OpenTryout { services, caller, .. } = state.tryout(&caller, &name, id).await?;
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
    let OpenTryout { tryout, services, caller: acting } = state.tryout(&caller, &name, id).await?;
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(ApiError::of)?;
    let events = services.agents.subscribe(&acting, tryout.session(), after).await?;
    let over = future::select(ended, state.tryouts.until_over(&tryout));
    Ok(events::answer(events.take_until(over), place))
}

async fn approvals(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments((name, id)): Segments<(String, Uuid)>,
    parameters: Parameters,
) -> Result<Answer<Whole<AnyApproval>>> {
    let OpenTryout { services, caller, .. } = state.tryout(&caller, &name, id).await?;
    approvals::list(State(services), SignedIn(caller), parameters).await
}

async fn resolve(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    none: NoParameters,
    Segments((name, id, approval)): Segments<(String, Uuid, ApprovalId)>,
    resolution: Json<Resolution>,
) -> Result<Answer<AnsweredApproval>> {
    let OpenTryout { services, caller, .. } = state.tryout(&caller, &name, id).await?;
    approvals::resolve(State(services), SignedIn(caller), none, Segments(approval), resolution).await
}
