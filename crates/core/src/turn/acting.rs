//! Agents that are asked by another within a turn.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AgentName, TurnEvent};
use crate::ids::AgentId;

/// An agent that another asks, under the version with which it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedAgent {
    pub id: AgentId,
    pub name: String,
    pub label: String,
    pub version: i64,
}

impl AskedAgent {
    /// It without its version.
    pub fn named(&self) -> AgentName {
        AgentName { id: self.id, name: self.name.clone(), label: self.label.clone() }
    }
}

/// The place of a call in its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CallPlace {
    pub step: u32,
    pub index: u32,
}

impl TurnEvent {
    /// The step of an event that has one; for one of an agent that was asked, the step of that.
    pub fn step(&self) -> Option<u32> {
        match self {
            Self::StepStarted { step, .. }
            | Self::StepRestarted { step, .. }
            | Self::MessageCompleted { step, .. }
            | Self::AnswerCarried { step, .. }
            | Self::AnswerRefused { step, .. }
            | Self::ToolCalled { step, .. }
            | Self::ToolResult { step, .. }
            | Self::ApprovalRequested { step, .. }
            | Self::ApprovalResolved { step, .. }
            | Self::HistorySummarized { step, .. }
            | Self::HistoryDropped { step, .. }
            | Self::Usage { step, .. }
            | Self::AgentAsked { step, .. } => Some(*step),
            Self::AgentEvent { event, .. } => event.step(),
            Self::TurnStarted { .. }
            | Self::AgentChanged { .. }
            | Self::TurnCompleted { .. }
            | Self::TurnFailed { .. }
            | Self::TurnCancelled { .. } => None,
        }
    }

    /// The place of the call that an event is about.
    pub fn call(&self) -> Option<CallPlace> {
        match self {
            Self::ToolCalled { step, index, .. }
            | Self::ToolResult { step, index, .. }
            | Self::ApprovalRequested { step, index, .. }
            | Self::ApprovalResolved { step, index, .. }
            | Self::AgentAsked { step, index, .. } => Some(CallPlace { step: *step, index: *index }),
            Self::AgentEvent { event, .. } => event.call(),
            _ => None,
        }
    }

    /// What happened, whichever agent it happened to.
    pub fn inner(&self) -> &Self {
        match self {
            Self::AgentEvent { event, .. } => event,
            other => other,
        }
    }

    /// The same, to be changed.
    pub fn inner_mut(&mut self) -> &mut Self {
        match self {
            Self::AgentEvent { event, .. } => event,
            other => other,
        }
    }

    /// It as what happened in the part of an agent that this call asked. What a person is asked and answers stays what
    /// it is, as it concerns whoever follows; so does what the asking itself is.
    #[must_use]
    pub fn in_part_of(self, of: CallPlace, agent: &Arc<AskedAgent>) -> Self {
        match self {
            Self::ApprovalRequested { .. }
            | Self::ApprovalResolved { .. }
            | Self::AgentAsked { .. }
            | Self::AgentEvent { .. }
            | Self::AgentChanged { .. }
            | Self::TurnStarted { .. }
            | Self::TurnCompleted { .. }
            | Self::TurnFailed { .. }
            | Self::TurnCancelled { .. } => self,
            event => {
                Self::AgentEvent { turn: event.turn(), of, agent: agent.clone(), event: Box::new(event) }
            }
        }
    }
}
