//! Labels that are moved, and the second person's word that protected ones move by.

use axum::{
    extract::{Path, State},
    response::Redirect,
};
use kontor_agents::{LabelMove, NewReview, ReviewAnswer, ReviewDecision};
use kontor_core::ids::ReviewId;
use kontor_http::Services;

use super::{href, number};
use crate::{
    error::{PageError, Result},
    session::Sent,
};

pub(crate) async fn move_label(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let version = number(&sent.fields, "version").ok_or_else(PageError::not_found)?;
    let to = LabelMove { version, expected: number(&sent.fields, "expected") };
    state.agents.move_label(&sent.caller, &name, sent.fields.get("label"), to).await?;
    Ok(Redirect::to(&format!("{}/prompt?done=moved#versions", href(&name))))
}

pub(crate) async fn request(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let new = NewReview {
        label: sent.fields.get("label").to_owned(),
        version: number(&sent.fields, "version").ok_or_else(PageError::not_found)?,
        expected: number(&sent.fields, "expected"),
        note: sent.fields.get("note").to_owned(),
    };
    state.agents.request_review(&sent.caller, &name, new).await?;
    Ok(Redirect::to(&format!("{}/prompt?done=asked#reviews", href(&name))))
}

pub(crate) async fn answer(
    State(state): State<Services>,
    Path((name, id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Redirect> {
    let id: ReviewId = id.parse().map_err(|_| PageError::not_found())?;
    let decision = match sent.fields.get("decision") {
        "approve" => ReviewDecision::Approve,
        "refuse" => ReviewDecision::Refuse,
        "withdraw" => ReviewDecision::Withdraw,
        _ => return Err(PageError::not_found()),
    };
    let answer = ReviewAnswer { decision, comment: sent.fields.get("comment").to_owned() };
    state.agents.answer_review(&sent.caller, &name, id, answer).await?;
    Ok(Redirect::to(&format!("{}/prompt?done=answered#reviews", href(&name))))
}
