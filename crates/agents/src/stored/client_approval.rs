use kontor_core::{
    actor::Actor,
    ids::{ApprovalId, MemberId},
    time::Timestamp,
    turn::ApprovalQuestion,
};
use serde::Serialize;
use serde_json::Value;

use super::{Approval, ApprovalStatus, ListedApproval};

/// A question whether a call may run that a program makes for somebody: it belongs to no chat.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ClientApproval {
    pub id: ApprovalId,
    /// For whom the program acts, and through which agent.
    pub client: Actor,
    /// Who is asked; where the program acts for itself, whoever manages API keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub member: Option<MemberId>,
    pub operation: String,
    pub arguments: Value,
    /// Why a person is asked, in words.
    pub why: String,
    #[serde(flatten)]
    pub question: ApprovalQuestion,
    pub status: ApprovalStatus,
    pub requested_at: Timestamp,
    /// Until then it may be answered, and the call that was agreed to be made.
    pub expires_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub comment: String,
    /// The call had its effect.
    pub is_done: bool,
    /// What tells the call from others.
    #[serde(skip)]
    pub(crate) fingerprint: String,
}

/// A call that waits for a person's word, whoever wants it, as it is listed.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum AnyApproval {
    /// Of an agent, in a chat.
    OfTurn(ListedApproval),
    /// Of a program.
    OfClient(ClientApproval),
}

/// An approval that was answered, whoever wanted it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
#[serde(untagged)]
pub enum AnsweredApproval {
    OfTurn(Approval),
    OfClient(ClientApproval),
}
