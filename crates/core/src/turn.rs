//! The events of a turn, as they are logged, streamed and replayed.
//!
//! Logged events are numbered in the order of their session. Deltas are never logged: the text they carry is
//! in the [`TurnEvent::MessageCompleted`] that follows them.

use serde::{Deserialize, Serialize};

use crate::{
    error::Problem,
    ids::{ApprovalId, MemberId, TurnId},
    json::JsonText,
    operation::Effect,
};

/// The place of an event in its session's log, from 1.
pub type Sequence = i64;

/// Something that happened in a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data")]
pub enum TurnEvent {
    /// A worker took up the user's message.
    #[serde(rename = "turn.started")]
    TurnStarted { turn: TurnId, message: String },
    /// The model is being asked.
    #[serde(rename = "step.started")]
    StepStarted { turn: TurnId, step: u32 },
    /// The model is being asked again: what it had said of this step is void.
    #[serde(rename = "step.restarted")]
    StepRestarted {
        turn: TurnId,
        step: u32,
        reason: String,
        /// The worker was gone; otherwise the model's answer broke off.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        taken_over: bool,
    },
    /// The text of a step is complete. A step that calls tools may have one too.
    #[serde(rename = "message.completed")]
    MessageCompleted {
        turn: TurnId,
        step: u32,
        text: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reasoning: String,
        /// Cut off by a cancellation or a limit.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        interrupted: bool,
    },
    #[serde(rename = "tool.called")]
    ToolCalled {
        turn: TurnId,
        step: u32,
        /// Its place among the step's calls, from 0.
        index: u32,
        /// The model's own id of the call.
        call: String,
        operation: String,
        /// As the model wrote them where they are no JSON.
        arguments: serde_json::Value,
        /// Absent for an operation that does not exist.
        effect: Option<Effect>,
    },
    #[serde(rename = "tool.result")]
    ToolResult {
        turn: TurnId,
        step: u32,
        index: u32,
        call: String,
        operation: String,
        outcome: ToolOutcome,
        duration_ms: u64,
    },
    #[serde(rename = "approval.requested")]
    ApprovalRequested {
        turn: TurnId,
        step: u32,
        index: u32,
        approval: ApprovalId,
        operation: String,
        arguments: serde_json::Value,
    },
    #[serde(rename = "approval.resolved")]
    ApprovalResolved {
        turn: TurnId,
        step: u32,
        index: u32,
        approval: ApprovalId,
        approved: bool,
        by: MemberId,
        by_name: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
    },
    #[serde(rename = "usage")]
    Usage { turn: TurnId, step: u32, input_tokens: u64, output_tokens: u64, cached_input_tokens: u64 },
    #[serde(rename = "turn.completed")]
    TurnCompleted { turn: TurnId },
    #[serde(rename = "turn.failed")]
    TurnFailed { turn: TurnId, problem: Problem },
    #[serde(rename = "turn.cancelled")]
    TurnCancelled { turn: TurnId, by: Option<MemberId> },
}

/// How a tool call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ToolOutcome {
    Succeeded {
        result: JsonText,
    },
    /// The model is told what was wrong and may try again.
    Failed {
        problem: Problem,
    },
    /// A person said no.
    Denied {
        #[serde(default)]
        comment: String,
    },
    /// A crash left open whether an effect outside took place.
    Unknown,
}

impl TurnEvent {
    /// The event's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TurnStarted { .. } => "turn.started",
            Self::StepStarted { .. } => "step.started",
            Self::StepRestarted { .. } => "step.restarted",
            Self::MessageCompleted { .. } => "message.completed",
            Self::ToolCalled { .. } => "tool.called",
            Self::ToolResult { .. } => "tool.result",
            Self::ApprovalRequested { .. } => "approval.requested",
            Self::ApprovalResolved { .. } => "approval.resolved",
            Self::Usage { .. } => "usage",
            Self::TurnCompleted { .. } => "turn.completed",
            Self::TurnFailed { .. } => "turn.failed",
            Self::TurnCancelled { .. } => "turn.cancelled",
        }
    }

    pub fn turn(&self) -> TurnId {
        match self {
            Self::TurnStarted { turn, .. }
            | Self::StepStarted { turn, .. }
            | Self::StepRestarted { turn, .. }
            | Self::MessageCompleted { turn, .. }
            | Self::ToolCalled { turn, .. }
            | Self::ToolResult { turn, .. }
            | Self::ApprovalRequested { turn, .. }
            | Self::ApprovalResolved { turn, .. }
            | Self::Usage { turn, .. }
            | Self::TurnCompleted { turn }
            | Self::TurnFailed { turn, .. }
            | Self::TurnCancelled { turn, .. } => *turn,
        }
    }

    /// Whether nothing follows this event in its turn.
    pub fn ends_turn(&self) -> bool {
        matches!(self, Self::TurnCompleted { .. } | Self::TurnFailed { .. } | Self::TurnCancelled { .. })
    }
}
