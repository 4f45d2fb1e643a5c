//! Labels that are moved, and the second person's word that protected ones move by.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_agents::{Error, LabelMove, NewReview, ReviewAnswer, ReviewDecision};
use kontor_core::ids::ReviewId;
use kontor_http::Services;

use super::{href, number, prompt::not_done};
use crate::{
    error::{PageError, Result},
    link::parsed,
    session::Sent,
};

pub(crate) async fn move_label(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let version = number(&sent.fields, "version").ok_or_else(PageError::not_found)?;
    let to = LabelMove { version, expected: number(&sent.fields, "expected"), reason: reason(&sent) };
    let moved = state.agents.move_label(&sent.caller, &name, sent.fields.get("label"), to).await;
    led(&state, &sent, &name, moved.map(|_| "moved#versions")).await
}

pub(crate) async fn request(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let new = NewReview {
        label: sent.fields.get("label").to_owned(),
        version: number(&sent.fields, "version").ok_or_else(PageError::not_found)?,
        expected: number(&sent.fields, "expected"),
        note: sent.fields.get("note").to_owned(),
    };
    let asked = state.agents.request_review(&sent.caller, &name, new).await;
    led(&state, &sent, &name, asked.map(|_| "asked#reviews")).await
}

pub(crate) async fn answer(
    State(state): State<Services>,
    Path((name, id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response> {
    let id: ReviewId = parsed(&id)?;
    let decision = match sent.fields.get("decision") {
        "approve" => ReviewDecision::Approve,
        "refuse" => ReviewDecision::Refuse,
        "withdraw" => ReviewDecision::Withdraw,
        _ => return Err(PageError::not_found()),
    };
    let answer =
        ReviewAnswer { decision, comment: sent.fields.get("comment").to_owned(), reason: reason(&sent) };
    let answered = state.agents.answer_review(&sent.caller, &name, id, answer).await;
    led(&state, &sent, &name, answered.map(|_| "answered#reviews")).await
}

/// Why a label is to move although what its gate requires is not shown.
fn reason(sent: &Sent) -> Option<String> {
    Some(sent.fields.get("reason").to_owned()).filter(|reason| !reason.is_empty())
}

/// Back to the page of the prompt, which says what was done, or why it was not.
async fn led(
    state: &Services,
    sent: &Sent,
    name: &str,
    outcome: std::result::Result<&str, Error>,
) -> Result<Response> {
    match outcome {
        Ok(done) => Ok(Redirect::to(&format!("{}/prompt?done={done}", href(name))).into_response()),
        Err(error) => not_done(state, sent, name, error).await,
    }
}
