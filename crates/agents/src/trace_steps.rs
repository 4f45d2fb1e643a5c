//! The steps of a turn, folded from its log with their times.

use std::collections::HashMap;

use kontor_core::{
    ids::{AgentId, ApprovalId, MemberId},
    operation::Effect,
    time::Timestamp,
    turn::{AgentName, AnsweredBy, AskedAgent, CallPlace, InsteadOf, RoutedBy, ToolOutcome, TurnEvent},
};
use serde::Serialize;
use serde_json::Value;

use crate::{stored::LoggedEvent, trace::problem_of};

/// One question to the model and what came of it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceStep {
    /// From 1.
    pub number: u32,
    pub started_at: Timestamp,
    /// When its last event was logged.
    pub ended_at: Timestamp,
    /// The agent that took it, where that is not the turn's: the conversation was handed over after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentName>,
    /// The model that answered.
    pub model: Option<String>,
    /// The model that was to be asked first, where another answered, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<TraceFallback>,
    pub text: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schemars(default)]
    pub reasoning: String,
    /// Cut off by a cancellation or a limit.
    pub interrupted: bool,
    pub calls: Vec<TraceCall>,
    /// How often it began again, and why.
    pub restarts: Vec<TraceRestart>,
    /// What answers used up, those that came to nothing and summaries included.
    pub usage: Vec<TraceUsage>,
    /// What became of earlier messages before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub history: Vec<TraceHistory>,
    /// What the model was sent beside the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent: Option<TraceSent>,
}

/// A model that gave no answer, so that another did.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceFallback {
    pub model: String,
    /// `could not be reached`.
    pub because: String,
}

/// Why a step began again.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceRestart {
    pub at: Timestamp,
    pub reason: String,
    /// The process that ran it was gone; otherwise the model's answer broke off.
    pub taken_over: bool,
    /// The lease under which it went on then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
}

/// What an answer of a model used up.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceUsage {
    pub at: Timestamp,
    pub model: String,
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub cache_write_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    /// In millionths of a US dollar; null where the model's price is not known.
    pub cost_micros: Option<u64>,
    pub latency_ms: u64,
    /// The provider did not say all of it.
    pub estimated: bool,
}

/// What became of earlier messages that the model had no room for, or of an answer that was not of the form asked for.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceHistory {
    pub at: Timestamp,
    /// `summarized`, or `dropped` where no summary could be made; `refused` of an answer.
    pub what: &'static str,
    pub text: String,
}

/// What a model was sent beside the conversation.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceSent {
    /// Null where it is kept no longer.
    pub prompt: Option<String>,
    /// The definitions of the tools.
    pub tools: Option<Value>,
}

/// A call of a tool.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceCall {
    pub index: u32,
    pub operation: String,
    pub arguments: Value,
    /// Null for an operation that does not exist.
    pub effect: Option<Effect>,
    pub called_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<TraceApproval>,
    /// `succeeded`, `failed`, `denied` or `unknown`; null for one that did not run.
    pub outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    pub ended_at: Option<Timestamp>,
    pub duration_ms: Option<u64>,
    /// The agent that it asked, and what that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<TraceAsked>,
}

/// An agent that another asked.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceAsked {
    pub id: AgentId,
    pub name: String,
    pub label: String,
    pub version: i64,
    /// Their numbers are those of the turn's steps.
    pub steps: Vec<TraceStep>,
}

/// A question to a person about a call.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TraceApproval {
    pub id: ApprovalId,
    /// Why a person was asked.
    pub why: String,
    pub requested_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub approved: Option<bool>,
    pub by: Option<MemberId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
}

/// The digests of what the models of a turn were sent.
pub(crate) fn digests(logged: &[LoggedEvent]) -> Vec<String> {
    let answered = logged.iter().filter_map(|logged| answered_by(logged.event.inner())?.sent.as_ref());
    let mut digests: Vec<_> =
        answered.flat_map(|sent| [sent.prompt.to_string(), sent.tools.to_string()]).collect();
    digests.sort_unstable();
    digests.dedup();
    digests
}

fn answered_by(event: &TurnEvent) -> Option<&AnsweredBy> {
    match event {
        TurnEvent::MessageCompleted { answered_by, .. } | TurnEvent::ToolCalled { answered_by, .. } => {
            answered_by.as_ref()
        }
        _ => None,
    }
}

/// The steps that a turn's events tell of, with the texts that are kept of what was sent.
pub(crate) fn fold(logged: &[LoggedEvent], texts: &HashMap<String, String>) -> Vec<TraceStep> {
    let mut steps = Steps { steps: Vec::new(), asked_for: HashMap::new(), texts };
    for logged in logged {
        if let TurnEvent::AgentEvent { of, event, .. } = &*logged.event
            && let Some(step) = event.step()
        {
            steps.asked_for.insert(step, *of);
        }
        steps.apply(logged.at, logged.event.inner());
    }
    steps.nested()
}

/// The steps of a turn, and of agents that were asked in it, in their order.
pub(crate) fn all(steps: &[TraceStep]) -> Vec<&TraceStep> {
    let mut found = Vec::new();
    for step in steps {
        found.push(step);
        for asked in step.calls.iter().filter_map(|call| call.asked.as_ref()) {
            found.extend(all(&asked.steps));
        }
    }
    found
}

struct Steps<'t> {
    steps: Vec<TraceStep>,
    /// The steps of agents that were asked, each with the call that did.
    asked_for: HashMap<u32, CallPlace>,
    texts: &'t HashMap<String, String>,
}

impl Steps<'_> {
    /// Each step where it belongs: those of an agent that was asked at the call that asked it, which comes before them.
    fn nested(mut self) -> Vec<TraceStep> {
        let mut own = Vec::new();
        while let Some(step) = self.steps.pop() {
            let of = self.asked_for.get(&step.number);
            let asking = of.and_then(|of| {
                let place = self.steps.iter().position(|other| other.number == of.step)?;
                let calls = &mut self.steps.get_mut(place)?.calls;
                calls.iter_mut().find(|call| call.index == of.index)?.asked.as_mut()
            });
            match asking {
                Some(asked) => asked.steps.insert(0, step),
                None => own.insert(0, step),
            }
        }
        own
    }

    /// The step of this number, in which something happened.
    fn at(&mut self, number: u32, at: Timestamp) -> &mut TraceStep {
        let place = self.steps.partition_point(|step| step.number < number);
        if self.steps.get(place).is_none_or(|step| step.number != number) {
            let step = TraceStep {
                number,
                started_at: at,
                ended_at: at,
                agent: None,
                model: None,
                instead_of: None,
                text: String::new(),
                reasoning: String::new(),
                interrupted: false,
                calls: Vec::new(),
                restarts: Vec::new(),
                usage: Vec::new(),
                history: Vec::new(),
                sent: None,
            };
            self.steps.insert(place, step);
        }
        let step = &mut self.steps[place];
        step.ended_at = at;
        step
    }

    fn answered(&mut self, number: u32, at: Timestamp, by: Option<&AnsweredBy>) {
        let Some(AnsweredBy { model, instead_of, sent }) = by else { return };
        let text = |digest: &str| self.texts.get(digest);
        let sent = sent.as_ref().filter(|_| !self.texts.is_empty()).map(|sent| TraceSent {
            prompt: text(&sent.prompt).cloned(),
            tools: text(&sent.tools).and_then(|tools| serde_json::from_str(tools).ok()),
        });
        let fallback = |InsteadOf { model, because }: &InsteadOf| TraceFallback {
            model: model.clone(),
            because: because.clone(),
        };
        let instead_of = instead_of.as_ref().map(fallback);
        let step = self.at(number, at);
        step.model = Some(model.clone());
        step.instead_of = instead_of;
        step.sent = sent;
    }

    fn apply(&mut self, at: Timestamp, event: &TurnEvent) {
        match event {
            TurnEvent::StepStarted { step, .. } => {
                self.at(*step, at);
            }
            TurnEvent::StepRestarted { step, reason, taken_over, epoch, .. } => {
                let restart =
                    TraceRestart { at, reason: reason.clone(), taken_over: *taken_over, epoch: *epoch };
                let step = self.at(*step, at);
                step.text.clear();
                step.calls.clear();
                step.restarts.push(restart);
            }
            TurnEvent::MessageCompleted { step, text, reasoning, interrupted, answered_by, .. } => {
                self.answered(*step, at, answered_by.as_ref());
                let step = self.at(*step, at);
                step.text.clone_from(text);
                step.reasoning.clone_from(reasoning);
                step.interrupted = *interrupted;
            }
            TurnEvent::ToolCalled { step, index, operation, arguments, effect, answered_by, .. } => {
                self.answered(*step, at, answered_by.as_ref());
                self.at(*step, at).calls.push(TraceCall {
                    index: *index,
                    operation: operation.clone(),
                    arguments: arguments.clone(),
                    effect: *effect,
                    called_at: at,
                    approval: None,
                    outcome: None,
                    result: None,
                    problem: None,
                    comment: None,
                    ended_at: None,
                    duration_ms: None,
                    asked: None,
                });
            }
            TurnEvent::ToolResult { step, index, outcome, duration_ms, .. } => {
                if let Some(call) = self.call(*step, *index, at) {
                    call.end(at, outcome, *duration_ms);
                }
            }
            TurnEvent::ApprovalRequested { step, index, approval, question, .. } => {
                let why = question.reason.words();
                if let Some(call) = self.call(*step, *index, at) {
                    call.approval = Some(TraceApproval {
                        id: *approval,
                        why,
                        requested_at: at,
                        resolved_at: None,
                        approved: None,
                        by: None,
                        by_name: None,
                    });
                }
            }
            TurnEvent::ApprovalResolved { step, index, approved, by, by_name, .. } => {
                let call = self.call(*step, *index, at);
                if let Some(approval) = call.and_then(|call| call.approval.as_mut()) {
                    approval.resolved_at = Some(at);
                    approval.approved = Some(*approved);
                    approval.by = Some(*by);
                    approval.by_name = Some(by_name.clone());
                }
            }
            TurnEvent::HistorySummarized { step, text, .. } => {
                let told = TraceHistory { at, what: "summarized", text: text.clone() };
                self.at(*step, at).history.push(told);
            }
            TurnEvent::HistoryDropped { step, problem, .. } => {
                let told = TraceHistory { at, what: "dropped", text: problem.message.clone() };
                self.at(*step, at).history.push(told);
            }
            TurnEvent::AnswerRefused { step, reason, .. } => {
                let told = TraceHistory { at, what: "refused", text: reason.clone() };
                self.at(*step, at).history.push(told);
            }
            TurnEvent::Usage { step, usage, .. } => self.at(*step, at).usage.push(TraceUsage {
                at,
                model: usage.model.clone(),
                input_tokens: usage.input_tokens,
                cached_input_tokens: usage.cached_input_tokens,
                cache_write_tokens: usage.cache_write_tokens,
                output_tokens: usage.output_tokens,
                reasoning_tokens: usage.reasoning_tokens,
                cost_micros: usage.cost_micros,
                latency_ms: usage.latency_ms,
                estimated: usage.estimated,
            }),
            TurnEvent::AgentAsked { step, index, agent, .. } => {
                let AskedAgent { id, name, label, version } = (**agent).clone();
                if let Some(call) = self.call(*step, *index, at) {
                    call.asked = Some(TraceAsked { id, name, label, version, steps: Vec::new() });
                }
            }
            TurnEvent::AgentChanged { from: Some(from), routing, .. } if routing.by == RoutedBy::Agent => {
                for step in self.steps.iter_mut().filter(|step| step.agent.is_none()) {
                    step.agent = Some(from.clone());
                }
            }
            TurnEvent::AgentChanged { .. }
            | TurnEvent::TurnStarted { .. }
            | TurnEvent::AgentEvent { .. }
            | TurnEvent::AnswerCarried { .. }
            | TurnEvent::TurnCompleted { .. }
            | TurnEvent::TurnFailed { .. }
            | TurnEvent::TurnCancelled { .. } => {}
        }
    }

    fn call(&mut self, step: u32, index: u32, at: Timestamp) -> Option<&mut TraceCall> {
        self.at(step, at).calls.iter_mut().find(|call| call.index == index)
    }
}

impl TraceCall {
    fn end(&mut self, at: Timestamp, outcome: &ToolOutcome, duration_ms: u64) {
        self.ended_at = Some(at);
        self.duration_ms = Some(duration_ms);
        self.outcome = Some(match outcome {
            ToolOutcome::Succeeded { result } => {
                self.result = Some(result.to_value());
                "succeeded"
            }
            ToolOutcome::Failed { problem } => {
                self.problem = Some(problem_of(problem));
                "failed"
            }
            ToolOutcome::Denied { comment } => {
                self.comment = Some(comment.clone()).filter(|comment| !comment.is_empty());
                "denied"
            }
            ToolOutcome::Unknown => "unknown",
        });
    }
}
