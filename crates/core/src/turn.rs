//! The events of a turn, as they are logged, streamed and replayed.
//!
//! Logged events are numbered in the order of their session. Deltas are never logged: the text they carry is
//! in the [`TurnEvent::MessageCompleted`] that follows them.

mod acting;
mod approval;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use acting::{AskedAgent, CallPlace};
pub use approval::{ApprovalDetail, ApprovalQuestion, ApprovalReason, ApprovalRecord};

pub use crate::routing::{AgentName, RoutedBy, Routing};
use crate::{
    error::Problem,
    ids::{AgentId, ApprovalId, MemberId, RecordId, TurnId},
    json::JsonText,
    operation::Effect,
    usage::StepUsage,
};

/// The place of an event in its session's log, from 1.
pub type Sequence = i64;

/// Something that happened in a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", content = "data")]
pub enum TurnEvent {
    /// A worker took up the user's message.
    #[serde(rename = "turn.started")]
    TurnStarted {
        turn: TurnId,
        message: String,
        /// Whose turn it is, where that is another member than the one whose session it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<MemberId>,
    },
    /// The session has another agent, or its first one: turns that begin from now on are that agent's. Where it had none
    /// before, or another hands it over, the turn that runs is, too; otherwise that one ends under the agent that it began
    /// with.
    #[serde(rename = "agent.changed")]
    AgentChanged {
        /// The turn that runs, or the last one where none does.
        turn: TurnId,
        agent: AgentName,
        /// Whose it was until now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<AgentName>,
        #[serde(flatten)]
        routing: Routing,
    },
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
        /// The lease under which it goes on, where another ran it before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<i64>,
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
        /// Absent for an answer that has no end, and in logs of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered_by: Option<AnsweredBy>,
    },
    /// What came with the step's answer and goes back to the model with it for the rest of the conversation, such as
    /// the signatures of its thoughts: JSON texts of the model's provider, which alone knows what they mean. It is
    /// told to nobody who follows ([`TurnEvent::is_told`]): what a person may read of it is the `reasoning` of
    /// `message.completed`.
    #[serde(rename = "answer.carried")]
    AnswerCarried {
        turn: TurnId,
        step: u32,
        /// The wire and the model that made it.
        by: Arc<str>,
        value: Arc<str>,
        /// What belongs to single calls, by their index.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<(u32, Arc<str>)>,
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
        /// How many records it changes, where that is not one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        records: Option<u32>,
        /// What the model wrote, where that is not the operation itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        written: Option<WrittenCall>,
        /// With the first call of a step that is calls alone, which has no `message.completed`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered_by: Option<AnsweredBy>,
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
        #[serde(default, skip_serializing_if = "ApprovalQuestion::is_plain")]
        question: ApprovalQuestion,
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
    /// The step's text is not of the form that the agent's answers have. The model is told, and asked again in the next
    /// step.
    #[serde(rename = "answer.refused")]
    AnswerRefused { turn: TurnId, step: u32, reason: String },
    /// Earlier turns are shown to the model no longer as they were: this stands in their place from now on, and the log
    /// keeps them whole. It is written by the model, and is data as all that was said.
    #[serde(rename = "history.summarized")]
    HistorySummarized {
        /// The turn that runs, before whose step it was made.
        turn: TurnId,
        step: u32,
        /// The number of the last event that it tells of, together with all before it.
        through: Sequence,
        text: String,
        /// The model that wrote it. What that used up is told by a `usage` of the step.
        model: String,
        /// The agent that it was made for, which alone goes on from it. Where it is not told, the turn's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<AgentId>,
    },
    /// Earlier turns that the model has no room for are left out of this turn, because they could not be summed up.
    #[serde(rename = "history.dropped")]
    HistoryDropped {
        turn: TurnId,
        step: u32,
        problem: Problem,
        /// Told again in a turn that did not ask for a summary, as one could not be made shortly before.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// What an answer of the model used up: several times in a step that was begun again or had
    /// earlier turns summed up.
    #[serde(rename = "usage")]
    Usage {
        turn: TurnId,
        step: u32,
        #[serde(flatten)]
        usage: StepUsage,
    },
    /// Another agent is asked by a call of this turn. What it does follows as `agent.event`, and its answer is the
    /// result of the call.
    #[serde(rename = "agent.asked")]
    AgentAsked {
        turn: TurnId,
        step: u32,
        index: u32,
        agent: Arc<AskedAgent>,
        /// The last step of the turn that it may take, those of agents that it asks among them.
        last_step: u32,
        /// The calls that the turn may have by then.
        last_call: u32,
        /// How long it may take, waiting for people not counted.
        seconds: u64,
    },
    /// Something that happened in the part of an agent that was asked.
    #[serde(rename = "agent.event")]
    AgentEvent {
        turn: TurnId,
        /// The call that asked it.
        of: CallPlace,
        agent: Arc<AskedAgent>,
        /// Numbers of steps are those of the turn, which no two parts share.
        event: Box<TurnEvent>,
    },
    #[serde(rename = "turn.completed")]
    TurnCompleted { turn: TurnId },
    #[serde(rename = "turn.failed")]
    TurnFailed {
        turn: TurnId,
        /// In its words stands what the turn had done, too.
        problem: Problem,
        /// What the turn had done before it failed, which stays done.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        done: Vec<Done>,
    },
    #[serde(rename = "turn.cancelled")]
    TurnCancelled { turn: TurnId, by: Option<MemberId> },
}

/// The model that gave a step's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredBy {
    /// Its id.
    pub model: String,
    /// Where it is not the one that was to be asked first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<InsteadOf>,
    /// Under which digests the prompt and the tools are kept that a language model was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<SentDigests>,
}

/// The digests of what a model was sent beside the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentDigests {
    pub prompt: Arc<str>,
    pub tools: Arc<str>,
}

/// A model that gave no answer, so that another did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InsteadOf {
    pub model: String,
    /// What to say after its name: `could not be reached`.
    pub because: String,
}

impl AnsweredBy {
    /// In words, where it is not the model that was to be asked first: `Answered by b/y, since a/x could not be
    /// reached`.
    pub fn words(&self) -> Option<String> {
        let InsteadOf { model, because } = self.instead_of.as_ref()?;
        Some(format!("Answered by {}, since {model} {because}", self.model))
    }
}

/// A call as the model wrote it: a verb that takes an object in the place of an operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WrittenCall {
    pub name: String,
    pub arguments: serde_json::Value,
}

/// A call that had its effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub step: u32,
    pub index: u32,
    pub operation: String,
    /// The record that it was done to, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordId>,
    /// The name of that record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Nobody knows whether it took place: the server stopped while it ran.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

impl Done {
    /// It in words: `created task “Ring Bob”`.
    pub fn words(&self) -> String {
        let (object, verb) = self.operation.split_once('.').unwrap_or(("", &self.operation));
        let object = object.replace('_', " ");
        let mut words = match verb {
            "create" => format!("created {object}"),
            "update" => format!("changed {object}"),
            "delete" => format!("deleted {object}"),
            "restore" => format!("restored {object}"),
            _ => self.operation.clone(),
        };
        if !self.name.is_empty() {
            words.push_str(&format!(" “{}”", self.name));
        }
        if self.unknown {
            words.push_str(" (whether it took place is not known)");
        }
        words
    }
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

/// The place of the turn in an event, whichever it is; to be read or to be written.
macro_rules! turn_of {
    ($event:expr) => {
        match $event {
            Self::TurnStarted { turn, .. }
            | Self::AgentChanged { turn, .. }
            | Self::StepStarted { turn, .. }
            | Self::StepRestarted { turn, .. }
            | Self::MessageCompleted { turn, .. }
            | Self::AnswerCarried { turn, .. }
            | Self::AnswerRefused { turn, .. }
            | Self::ToolCalled { turn, .. }
            | Self::ToolResult { turn, .. }
            | Self::ApprovalRequested { turn, .. }
            | Self::ApprovalResolved { turn, .. }
            | Self::HistorySummarized { turn, .. }
            | Self::HistoryDropped { turn, .. }
            | Self::Usage { turn, .. }
            | Self::AgentAsked { turn, .. }
            | Self::AgentEvent { turn, .. }
            | Self::TurnCompleted { turn }
            | Self::TurnFailed { turn, .. }
            | Self::TurnCancelled { turn, .. } => turn,
        }
    };
}

impl TurnEvent {
    /// The event's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::TurnStarted { .. } => "turn.started",
            Self::AgentChanged { .. } => "agent.changed",
            Self::StepStarted { .. } => "step.started",
            Self::StepRestarted { .. } => "step.restarted",
            Self::MessageCompleted { .. } => "message.completed",
            Self::AnswerCarried { .. } => "answer.carried",
            Self::AnswerRefused { .. } => "answer.refused",
            Self::ToolCalled { .. } => "tool.called",
            Self::ToolResult { .. } => "tool.result",
            Self::ApprovalRequested { .. } => "approval.requested",
            Self::ApprovalResolved { .. } => "approval.resolved",
            Self::HistorySummarized { .. } => "history.summarized",
            Self::HistoryDropped { .. } => "history.dropped",
            Self::Usage { .. } => "usage",
            Self::AgentAsked { .. } => "agent.asked",
            Self::AgentEvent { .. } => "agent.event",
            Self::TurnCompleted { .. } => "turn.completed",
            Self::TurnFailed { .. } => "turn.failed",
            Self::TurnCancelled { .. } => "turn.cancelled",
        }
    }

    pub fn turn(&self) -> TurnId {
        *turn_of!(self)
    }

    /// The same event of another turn.
    #[must_use]
    pub fn in_turn(mut self, other: TurnId) -> Self {
        if let Self::AgentEvent { event, .. } = &mut self {
            *turn_of!(&mut **event) = other;
        }
        *turn_of!(&mut self) = other;
        self
    }

    /// Whether it is told to those who follow, and not kept for the model alone.
    pub fn is_told(&self) -> bool {
        !matches!(self.inner(), Self::AnswerCarried { .. })
    }

    /// Whether nothing that the agent does follows this event in its turn. That another agent is chosen for the session
    /// stands in the last turn too.
    pub fn ends_turn(&self) -> bool {
        matches!(self, Self::TurnCompleted { .. } | Self::TurnFailed { .. } | Self::TurnCancelled { .. })
    }
}
