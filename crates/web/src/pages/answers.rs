//! What is done with an answer or with the message that it answers: rating it, sending the message changed or again.

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_agents::{ForkPoint, NewFeedback, NewFork, Rating, Session};
use kontor_core::{caller::Caller, ids::TurnId};
use kontor_http::Services;
use serde_json::json;

use super::turns::{done, message, wants_json};
use crate::{chat::Around, error::Result, link::parsed, session::Sent};

/// What is around the answers of a session for the caller.
pub(crate) async fn around(state: &Services, caller: &Caller, session: &Session) -> Result<Around> {
    let feedback = state.agents.own_feedback(caller, session.id).await?;
    let others = match &session.routing {
        Some(_) => state.agents.turns_of_other_agents(caller, session.id).await?,
        None => Default::default(),
    };
    let longest = state.agents.limits().message_characters;
    Ok(Around::of(session, caller.member(), others, feedback, longest))
}

/// Says what the reader thinks of an answer, or takes it back.
pub(crate) async fn rate(
    State(state): State<Services>,
    Path(turn): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let turn: TurnId = parsed(&turn)?;
    let session = state.agents.turn(&sent.caller, turn).await?.session;
    match Rating::from_word(sent.fields.get("rating")) {
        Some(rating) => {
            // A thumb alone leaves a comment that was given before.
            let before = state.agents.own_feedback(&sent.caller, session).await?;
            let known = before.get(&turn).map(|(_, comment)| comment.clone());
            let comment = sent.fields.find("comment").map(str::to_owned).or(known);
            state.agents.set_feedback(&sent.caller, turn, NewFeedback { rating, comment }).await?;
        }
        None => state.agents.remove_feedback(&sent.caller, turn).await?,
    }
    Ok(done(&headers, session))
}

/// Sends a message changed: in a new chat that begins with what came before it.
pub(crate) async fn resend(
    State(state): State<Services>,
    Path(turn): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let turn: TurnId = parsed(&turn)?;
    let source = state.agents.turn(&sent.caller, turn).await?.session;
    let before = NewFork { at: Some(ForkPoint::Turn(turn)), before: true };
    let fork = state.agents.fork_session(&sent.caller, source, before).await?;
    state.agents.start_turn(&sent.caller, fork.id, message(&sent.fields), None).await?;
    Ok(Redirect::to(&format!("/chat/{}", fork.id)))
}

/// Sends a message again whose answer failed.
pub(crate) async fn retry(
    State(state): State<Services>,
    Path(turn): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let turn: TurnId = parsed(&turn)?;
    let failed = state.agents.turn(&sent.caller, turn).await?;
    // Asked for twice, it is the same turn.
    let key = Some(format!("again after {turn}"));
    state.agents.start_turn(&sent.caller, failed.session, failed.message, key).await?;
    if wants_json(&headers) {
        return Ok(Json(json!({})).into_response());
    }
    Ok(Redirect::to(&format!("/chat/{}", failed.session)).into_response())
}
