use kontor_core::{
    ids::{MemberId, SessionId, TurnId},
    time::Timestamp,
    turn::AgentName,
};
use kontor_store::stored_enum;
use serde::Serialize;

stored_enum! {
    /// What a member may do in a session.
    pub enum Access: "access to a session" {
        /// Read it.
        Read = "read",
        /// Send messages too, which the agent answers by what that member may do.
        TakePart = "take_part",
        /// It is their own.
        Owner = "owner",
    }
}

stored_enum! {
    /// What a member thinks of an answer.
    pub enum Rating: "rating of an answer" {
        Up = "up",
        Down = "down",
    }
}

/// A member by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MemberName {
    pub id: MemberId,
    /// Null for one that is gone.
    pub name: Option<String>,
}

impl MemberName {
    /// The name as a person reads it.
    pub fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or("A member who is gone")
    }
}

/// With whom a session is shared.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Share {
    pub session: SessionId,
    pub member: MemberName,
    pub access: Access,
    pub shared_at: Timestamp,
}

/// What a member thinks of a turn's answer.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Feedback {
    pub turn: TurnId,
    pub session: SessionId,
    pub member: MemberName,
    pub agent: AgentName,
    pub rating: Rating,
    pub comment: String,
    /// The beginning of the message that was answered.
    pub message: String,
    /// The page on which the turn is seen.
    pub href: String,
    pub given_at: Timestamp,
}
