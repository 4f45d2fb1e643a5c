//! Turns: one message of the caller and all that the agent does in answer to it.

use axum::{
    Json as Answer, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use kontor_agents::{StartedTurn, Turn};
use kontor_core::ids::{SessionId, TurnId};
use serde::Deserialize;

use crate::{
    extract::{IdempotencyKey, Json, NoParameters, Segments, SignedIn},
    problem::Result,
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new()
        .route("/sessions/{id}/turns", post(start))
        .route("/turns/{id}", get(one))
        .route("/turns/{id}/cancel", post(cancel))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTurn {
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

async fn cancel(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(turn): Segments<TurnId>,
) -> Result<(StatusCode, Answer<Turn>)> {
    Ok((StatusCode::ACCEPTED, Answer(state.agents.cancel_turn(&caller, turn).await?)))
}
