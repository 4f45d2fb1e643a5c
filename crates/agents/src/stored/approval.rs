use kontor_core::{
    ids::{ApprovalId, MemberId, SessionId, TurnId},
    time::Timestamp,
    turn::{AgentName, ApprovalQuestion},
};
use kontor_store::jobs::NewJob;
use serde::Serialize;
use serde_json::Value;

use super::ApprovalStatus;

/// A question whether a call may run.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Approval {
    pub id: ApprovalId,
    pub session: SessionId,
    pub turn: TurnId,
    /// Whom the agent acts for, and who is asked.
    pub member: MemberId,
    pub step: u32,
    pub index: u32,
    pub operation: String,
    pub arguments: Value,
    /// Why a person is asked, in words.
    pub why: String,
    /// Why, and about which record as it was before the turn.
    #[serde(flatten)]
    pub question: ApprovalQuestion,
    pub status: ApprovalStatus,
    pub requested_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub comment: String,
}

/// An approval with the chat that it was asked for in.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ListedApproval {
    #[serde(flatten)]
    pub approval: Approval,
    /// The title of the session.
    pub title: Option<String>,
    /// The agent whose turn it is. The call is its own, unless there is an `asked_agent`.
    pub agent: AgentName,
}

/// The name of the job that expires approvals.
pub(crate) const EXPIRY_JOB: &str = "approvals.expire";

/// To be enqueued with approvals that are asked for.
pub(crate) fn expiry_job(expires_at: Timestamp) -> NewJob {
    let key = Some(expires_at.to_string());
    NewJob { name: EXPIRY_JOB, payload: Value::Null, due_at: expires_at, priority: 0, key }
}
