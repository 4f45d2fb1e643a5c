//! Approvals: tool calls that wait for the caller's word.

use axum::{
    Json as Answer, Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use kontor_agents::{Approval, Decision};
use kontor_core::ids::{ApprovalId, SessionId};
use serde::Deserialize;

use crate::{
    extract::{Json, NoParameters, Parameters, Segments, SignedIn},
    page,
    problem::Result,
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
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
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Response> {
    let session = parameters.knowing(&["session"])?.parsed::<SessionId>("session", "The id of a session")?;
    Ok(page::whole(state.agents.approvals(&caller, session).await?))
}

async fn resolve(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<ApprovalId>,
    Json(resolution): Json<Resolution>,
) -> Result<Answer<Approval>> {
    let decision =
        Decision { approved: matches!(resolution.decision, Verdict::Approve), comment: resolution.comment };
    Ok(Answer(state.agents.resolve_approval(&caller, id, decision).await?))
}
