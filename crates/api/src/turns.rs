//! Turns: one message of the caller and all that the agent does in answer to it.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_agents::{OpenTurn, OpenTurns, Standing, StartedTurn, Turn, TurnTrace};
use kontor_core::ids::{SessionId, TurnId};
use kontor_http::Services;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    extract::{
        Chatting, Holds, IdempotencyKey, Json, NoParameters, Parameter, Parameters, Segments, SignedIn,
    },
    openapi::Describe as _,
    page::{self, Page},
    problem::{ApiError, Result},
};

const KNOWN: [Parameter; 1] = [Parameter::new(
    "status",
    Holds::Word(&["running", "waiting", "stuck"]),
    "Only those that stand so; all unless it is given.",
)];

pub(crate) fn routes() -> ApiRouter<Services> {
    let start = post_with(start, |op| {
        op.is("start_turn", "Sends a message; it waits behind a turn that runs")
            .tag("Chat")
            .answers::<202, Answer<StartedTurn>>()
    });
    let one = get_with(one, |op| op.is("get_turn", "A turn").tag("Chat"));
    let cancel = post_with(cancel, |op| {
        op.is("cancel_turn", "Ends a turn that has not ended").tag("Chat").answers::<202, Answer<Turn>>()
    });
    let go_on = post_with(go_on, |op| {
        op.is("go_on", "Goes on where a turn failed or was cancelled, without doing again what it had done")
            .tag("Chat")
            .answers::<202, Answer<StartedTurn>>()
    });
    let open = get_with(open, |op| {
        op.is("list_turns", "The turns that have not ended, the oldest first").tag("Chat").queries(&KNOWN)
    });
    let trace = get_with(trace, |op| op.is("trace_turn", "What happened in a turn").tag("Chat"));
    ApiRouter::new()
        .api_route("/turns", open)
        .api_route("/turns/{id}/trace", trace)
        .api_route("/sessions/{id}/turns", start)
        .api_route("/turns/{id}", one)
        .api_route("/turns/{id}/cancel", cancel)
        .api_route("/turns/{id}/go_on", go_on)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTurn {
    #[schemars(length(max = 32_000), regex(pattern = "\\S"))]
    message: String,
}

pub(crate) async fn start(
    State(state): State<Services>,
    Chatting(caller): Chatting,
    _: NoParameters,
    Segments(session): Segments<SessionId>,
    key: IdempotencyKey,
    Json(turn): Json<NewTurn>,
) -> Result<(StatusCode, Answer<StartedTurn>)> {
    let started = state.agents.start_turn(&caller, session, turn.message, key.text()).await?;
    Ok((StatusCode::ACCEPTED, Answer(started)))
}

pub(crate) async fn one(
    State(state): State<Services>,
    Chatting(caller): Chatting,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<Answer<Turn>> {
    Ok(Answer(state.agents.turn(&caller, turn).await?))
}

async fn open(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Answer<Page<OpenTurn>>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let standing = match parameters.text("status") {
        None => None,
        Some(word) => Some(Standing::from_word(word).ok_or_else(|| {
            let expected = "running, waiting or stuck is expected here.";
            ApiError::issue("status", "invalid_value", expected)
        })?),
    };
    let OpenTurns { turns, has_more } = state.agents.open_turns(&caller, standing).await?;
    Ok(page::first(turns, has_more))
}

async fn trace(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<Answer<TurnTrace>> {
    Ok(Answer(state.agents.trace(&caller, turn).await?))
}

async fn go_on(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<(StatusCode, Answer<StartedTurn>)> {
    Ok((StatusCode::ACCEPTED, Answer(state.agents.go_on(&caller, turn).await?)))
}

pub(crate) async fn cancel(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<(StatusCode, Answer<Turn>)> {
    Ok((StatusCode::ACCEPTED, Answer(state.agents.cancel_turn(&caller, turn).await?)))
}
