//! Turns: one message of the caller and all that the agent does in answer to it.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_agents::{StartedTurn, Turn};
use kontor_core::ids::{SessionId, TurnId};
use kontor_http::Services;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    extract::{IdempotencyKey, Json, NoParameters, Segments, SignedIn},
    openapi::Describe as _,
    problem::Result,
};

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
    ApiRouter::new()
        .api_route("/sessions/{id}/turns", start)
        .api_route("/turns/{id}", one)
        .api_route("/turns/{id}/cancel", cancel)
        .api_route("/turns/{id}/go_on", go_on)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewTurn {
    #[schemars(length(max = 32_000), regex(pattern = "\\S"))]
    message: String,
}

async fn start(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(session): Segments<SessionId>,
    key: IdempotencyKey,
    Json(turn): Json<NewTurn>,
) -> Result<(StatusCode, Answer<StartedTurn>)> {
    let started = state.agents.start_turn(&caller, session, turn.message, key.text()).await?;
    Ok((StatusCode::ACCEPTED, Answer(started)))
}

async fn one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<Answer<Turn>> {
    Ok(Answer(state.agents.turn(&caller, turn).await?))
}

async fn go_on(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<(StatusCode, Answer<StartedTurn>)> {
    Ok((StatusCode::ACCEPTED, Answer(state.agents.go_on(&caller, turn).await?)))
}

async fn cancel(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<(StatusCode, Answer<Turn>)> {
    Ok((StatusCode::ACCEPTED, Answer(state.agents.cancel_turn(&caller, turn).await?)))
}
