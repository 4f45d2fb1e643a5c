//! Approvals: tool calls that wait for the caller's word.

use axum::{
    Json as Answer, Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use kontor_agents::{Approval, ApprovalStatus, Decision};
use kontor_core::ids::{ApprovalId, SessionId};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    extract::{Json, NoParameters, Parameters, Segments, SignedIn},
    page,
    problem::{ApiError, Result},
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/approvals", get(list)).route("/approvals/{id}", post(resolve))
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Approve,
    Deny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolution {
    decision: Verdict,
    #[serde(default)]
    comment: String,
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Response> {
    let parameters = parameters.knowing(&["session", "status"])?;
    let session = parameters.parsed::<SessionId>("session", "The id of a session")?;
    let status = match parameters.text("status") {
        // What waits is what is asked for here.
        None => Some(ApprovalStatus::Pending),
        Some("all") => None,
        Some(word) => Some(serde_json::from_value(Value::from(word)).map_err(|_| {
            let expected = "One of pending, approved, denied, expired and all is expected here.";
            ApiError::issue("status", "unknown_option", expected)
        })?),
    };
    Ok(page::whole(state.agents.approvals(&caller, session, status).await?))
}

async fn resolve(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<ApprovalId>,
    Json(resolution): Json<Resolution>,
) -> Result<Answer<Approval>> {
    let decision =
        Decision { approved: matches!(resolution.decision, Verdict::Approve), comment: resolution.comment };
    Ok(Answer(state.agents.resolve_approval(&caller, id, decision).await?))
}
