//! Approvals: calls of agents and of programs that wait for the caller's word.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json as Answer, extract::State};
use kontor_agents::{AnsweredApproval, AnyApproval, ApprovalStatus, Decision};
use kontor_core::ids::{ApprovalId, SessionId};
use kontor_http::Services;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    extract::{Holds, Json, NoParameters, Parameter, Parameters, Segments, SignedIn},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

pub(crate) const KNOWN: [Parameter; 2] = [
    Parameter::new("session", Holds::Id, "Only those of this session."),
    Parameter::new(
        "status",
        Holds::Word(&["pending", "approved", "denied", "expired", "all"]),
        "What waits, unless something else is asked for.",
    ),
];

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed = get_with(list, |op| {
        op.is("list_approvals", "The calls that wait for the caller's word").tag("Chat").queries(&KNOWN)
    });
    let resolve =
        post_with(resolve, |op| op.is("resolve_approval", "Allows a call or denies it").tag("Chat"));
    ApiRouter::new().api_route("/approvals", listed).api_route("/approvals/{id}", resolve)
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Approve,
    Deny,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resolution {
    decision: Verdict,
    #[serde(default)]
    comment: String,
}

pub(crate) async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Answer<Whole<AnyApproval>>> {
    let parameters = parameters.knowing(&KNOWN)?;
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
    let listed = match session {
        None => state.agents.all_approvals(&caller, status).await?,
        Some(_) => {
            let of_session = state.agents.approvals(&caller, session, status).await?;
            of_session.into_iter().map(AnyApproval::OfTurn).collect()
        }
    };
    Ok(page::whole(listed))
}

pub(crate) async fn resolve(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<ApprovalId>,
    Json(resolution): Json<Resolution>,
) -> Result<Answer<AnsweredApproval>> {
    let decision =
        Decision { approved: matches!(resolution.decision, Verdict::Approve), comment: resolution.comment };
    Ok(Answer(state.agents.answer_approval(&caller, id, decision).await?))
}
