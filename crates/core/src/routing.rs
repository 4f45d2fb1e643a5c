//! With which agent a session is, and why.

use serde::{Deserialize, Serialize};

use crate::ids::AgentId;

/// How an agent is named where it is spoken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AgentName {
    pub id: AgentId,
    pub name: String,
    pub label: String,
}

/// Why a session is with its agent, where that is not the one that it was begun with by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Routing {
    pub by: RoutedBy,
    /// In a sentence.
    pub reason: String,
}

/// What decided on the agent of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoutedBy {
    /// It was the only one that the member may use.
    Only,
    /// The words of the first message.
    Rules,
    /// The workspace's fast model.
    Model,
    /// Nothing told one from the others.
    Default,
    /// A member chose it.
    Member,
    /// Another agent handed the conversation over.
    Agent,
}
