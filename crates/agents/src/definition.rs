//! What an agent is: a prompt, a model, a role and the tools it is offered.

use kontor_core::{caller::Caller, ids::AgentId, scope::Patterns};
use serde::Serialize;

use crate::error::Error;

/// An agent of a workspace with the published version of its prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) description: String,
    /// A model's id, or `default`.
    pub(crate) model: String,
    /// The name of the role that bounds what it may do for whomever it acts.
    pub(crate) role: String,
    pub(crate) tools: Patterns,
    pub(crate) prompt: String,
    pub(crate) prompt_version: i64,
}

/// What is told about an agent.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct AgentSummary {
    pub id: AgentId,
    pub name: String,
    pub label: String,
    pub description: String,
    pub model: String,
    pub role: String,
    pub tools: Patterns,
    pub prompt_version: i64,
}

impl From<Agent> for AgentSummary {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            label: agent.label,
            description: agent.description,
            model: agent.model,
            role: agent.role,
            tools: agent.tools,
            prompt_version: agent.prompt_version,
        }
    }
}

/// That the caller may use the agent of this name.
pub(crate) fn require_agent(caller: &Caller, name: &str) -> Result<(), Error> {
    if caller.grants.agents().contains(name) {
        Ok(())
    } else {
        Err(Error::AgentNotAllowed { name: name.to_owned() })
    }
}
