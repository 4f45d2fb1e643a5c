//! What an agent is: a prompt, a model, a role and the operations it is offered.

use kontor_core::{
    actor::Actor,
    caller::Caller,
    grants::Permission,
    ids::{AgentId, ReviewId},
    scope::Patterns,
    time::Timestamp,
};
use kontor_models::RequestSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{error::Error, limits::Limits, stored::ReviewStatus};

/// The label of the prompt that live traffic uses.
pub const PRODUCTION: &str = "production";

/// All that a version of an agent says beside its prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Definition {
    pub label: String,
    /// The name of a drawing.
    pub icon: String,
    pub description: String,
    /// A model's id, or `default`, `fast` or `smart`.
    pub model: String,
    /// How the model is asked, where that is not by its own defaults.
    pub settings: RequestSettings,
    /// Models that are asked where its own gives no answer; null means those of the workspace.
    pub fallbacks: Option<Vec<String>>,
    /// The name of the role that bounds what it may do for whomever it acts.
    pub role: String,
    /// The operations that it is offered, as far as its role and its member allow them: `*`, `contact.*`, `*.find`.
    pub operations: Patterns,
    pub format: ResponseFormat,
    pub limits: AgentLimits,
    /// What somebody may ask it first.
    pub suggested_questions: Vec<String>,
    /// Messages with which it is tried when it is changed.
    pub evaluation_inputs: Vec<String>,
    /// The names of the agents that it may ask for a part of an answer. Each answers under its own role, for the member
    /// whom this one acts for, and only where that member may use it.
    pub ask: Vec<String>,
    /// The names of the agents that it may hand a conversation over to, as far as its member may use them.
    pub hand_to: Vec<String>,
}

impl Definition {
    /// The names of what differs from another.
    pub(crate) fn differences(&self, other: &Self) -> Vec<&'static str> {
        let differs = [
            ("label", self.label != other.label),
            ("icon", self.icon != other.icon),
            ("description", self.description != other.description),
            ("model", self.model != other.model),
            ("settings", self.settings != other.settings),
            ("fallbacks", self.fallbacks != other.fallbacks),
            ("role", self.role != other.role),
            ("operations", self.operations != other.operations),
            ("format", self.format != other.format),
            ("limits", self.limits != other.limits),
            ("suggested_questions", self.suggested_questions != other.suggested_questions),
            ("evaluation_inputs", self.evaluation_inputs != other.evaluation_inputs),
            ("ask", self.ask != other.ask),
            ("hand_to", self.hand_to != other.hand_to),
        ];
        differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }
}

/// The form of an agent's final answer: `"text"`, `"markdown"` or `{"schema": {…}}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormat {
    Text,
    #[default]
    Markdown,
    /// JSON that this JSON Schema allows.
    Schema(Json),
}

/// What a turn of an agent may use up, where that is less than the installation allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentLimits {
    /// Questions to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<u32>,
    /// The time of running; waiting for an approval does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<u64>,
}

impl AgentLimits {
    /// The limits of the installation with what is less here.
    pub(crate) fn within(self, installed: &Limits) -> Limits {
        let turn = self.deadline_seconds.map_or(installed.turn, std::time::Duration::from_secs);
        Limits {
            steps: self.steps.map_or(installed.steps, |steps| steps.min(installed.steps)),
            calls_per_turn: self
                .tool_calls
                .map_or(installed.calls_per_turn, |calls| calls.min(installed.calls_per_turn)),
            turn: turn.min(installed.turn),
            ..installed.clone()
        }
    }
}

/// An agent under one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    pub(crate) is_standard: bool,
    pub(crate) is_active: bool,
    pub(crate) deleted_at: Option<Timestamp>,
    pub(crate) version: i64,
    pub(crate) definition: Definition,
    pub(crate) prompt_version: i64,
    pub(crate) prompt: String,
    pub(crate) made_by: Actor,
    pub(crate) made_at: Timestamp,
}

/// What is told about an agent.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct AgentSummary {
    pub id: AgentId,
    pub name: String,
    #[serde(flatten)]
    pub definition: Definition,
    /// One that is not takes no messages.
    pub active: bool,
    /// Shipped with Kontor, so that it can be reset.
    pub is_standard: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The number of the version that says all this; a change names it.
    pub version: i64,
    /// The version of its prompt that live traffic uses.
    pub prompt_version: i64,
    /// That prompt, where one agent is asked for by somebody who may change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    pub changed_by: Actor,
    pub changed_at: Timestamp,
}

impl From<Agent> for AgentSummary {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            definition: agent.definition,
            active: agent.is_active,
            is_standard: agent.is_standard,
            deleted_at: agent.deleted_at,
            version: agent.version,
            prompt_version: agent.prompt_version,
            prompt: None,
            changed_by: agent.made_by,
            changed_at: agent.made_at,
        }
    }
}

/// A version of an agent: all that it says, which never changes.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct AgentVersion {
    pub version: i64,
    #[serde(flatten)]
    pub definition: Definition,
    pub prompt_version: i64,
    /// What differs from the version before it.
    pub changed: Vec<String>,
    pub made_by: Actor,
    pub made_at: Timestamp,
}

/// A version of an agent's prompt, which never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PromptVersion {
    pub version: i64,
    pub body: String,
    pub note: String,
    pub author: Actor,
    pub created_at: Timestamp,
    /// The labels that stand at it.
    pub labels: Vec<String>,
}

/// A word that stands for a version of an agent's prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Label {
    pub label: String,
    pub version: i64,
    /// It moves only when a second person agrees.
    pub is_protected: bool,
    pub moved_by: Actor,
    pub moved_at: Timestamp,
}

/// What an editor has written and not saved as a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PromptDraft {
    pub body: String,
    /// The version that it was begun from.
    pub based_on: Option<i64>,
    pub saved_at: Timestamp,
}

/// A move of a protected label that waits for a second person, or has had their word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Review {
    pub id: ReviewId,
    pub label: String,
    /// Where it is to move.
    pub version: i64,
    /// Where it stood when the move was asked for.
    pub expected: Option<i64>,
    pub note: String,
    pub status: ReviewStatus,
    pub requested_by: Actor,
    pub requested_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub comment: String,
}

/// That the caller may use the agent of this name.
pub(crate) fn require_agent(caller: &Caller, name: &str) -> Result<(), Error> {
    if caller.grants.agents().contains(name) {
        Ok(())
    } else {
        Err(Error::AgentNotAllowed { name: name.to_owned() })
    }
}

/// Whether the caller is told of every agent: who may change agents or their prompts.
pub(crate) fn may_see_all(caller: &Caller) -> bool {
    caller.grants.permits(Permission::Agents) || caller.grants.permits(Permission::Prompts)
}

/// The names of agents that may be suggested to a caller: of those that they may use, or that they may see.
pub(crate) fn names_in_sight<'a>(caller: &'a Caller, all: &'a [Agent]) -> impl Iterator<Item = &'a str> {
    let is_usable = |agent: &Agent| agent.is_active && require_agent(caller, &agent.name).is_ok();
    let there = all.iter().filter(|agent| agent.deleted_at.is_none());
    there.filter(move |agent| may_see_all(caller) || is_usable(agent)).map(|agent| agent.name.as_str())
}
