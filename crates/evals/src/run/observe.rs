//! What the log of a conversation tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use kontor_agents::TurnStatus;
use kontor_core::{
    error::{ErrorKind, Problem},
    turn::{ToolOutcome, TurnEvent},
};
use serde_json::{Map, Value as Json};

use super::Error;
use crate::{
    grade::{CallOutcome, Ending, ObservedCall, ObservedUsage},
    sandbox::Settled,
};

/// What was seen of a conversation so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) messages: Vec<String>,
    pub(super) replies: Vec<String>,
    pub(super) calls: Vec<ObservedCall>,
    pub(super) models: BTreeSet<String>,
    used: ObservedUsage,
    is_unpriced: bool,
}

impl Seen {
    /// Adds a turn that has ended. An error where it failed by no doing of the agent.
    pub(super) fn add(&mut self, settled: &Settled) -> Result<Ending, Error> {
        let mut open: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        let mut reply = String::new();
        let mut failed = None;
        let mut broken = None;
        for logged in &settled.events {
            // Steps, calls and usage of agents that were asked too; what is said to the member is the turn's own.
            match logged.event.inner() {
                TurnEvent::StepStarted { .. } => self.used.steps += 1,
                TurnEvent::ToolCalled { step, index, operation, arguments, effect, .. } => {
                    open.insert((*step, *index), self.calls.len());
                    let arguments = match arguments {
                        Json::Object(arguments) => arguments.clone(),
                        _ => Map::new(),
                    };
                    // Until the log tells more: the turn may have ended before it was run.
                    let outcome = CallOutcome::Refused;
                    let operation = operation.clone();
                    self.calls.push(ObservedCall { operation, arguments, effect: *effect, outcome });
                }
                TurnEvent::ToolResult { step, index, outcome, .. } => {
                    if let Some(call) = open.get(&(*step, *index)).and_then(|at| self.calls.get_mut(*at)) {
                        call.outcome = told(outcome);
                    }
                    if let ToolOutcome::Failed { problem } = outcome
                        && matches!(problem.kind, ErrorKind::Internal | ErrorKind::Unavailable)
                    {
                        broken.get_or_insert_with(|| problem.clone());
                    }
                }
                TurnEvent::MessageCompleted { text, answered_by, .. } => {
                    let is_of_the_turn = !matches!(&*logged.event, TurnEvent::AgentEvent { .. });
                    if is_of_the_turn && !text.trim().is_empty() {
                        reply.clone_from(text);
                    }
                    self.models.extend(answered_by.iter().map(|by| by.model.clone()));
                }
                TurnEvent::Usage { usage, .. } => {
                    self.used.input_tokens += usage.input_tokens;
                    self.used.output_tokens += usage.output_tokens;
                    match usage.cost_micros {
                        Some(cost) => *self.used.cost_micros.get_or_insert(0) += cost,
                        None => self.is_unpriced = true,
                    }
                    if !usage.model.is_empty() {
                        self.models.insert(usage.model.clone());
                    }
                }
                TurnEvent::TurnFailed { problem, .. } => failed = Some(problem.clone()),
                _ => {}
            }
        }
        self.replies.push(reply);
        if let Some(problem) = broken {
            return Err(Error::Infrastructure(problem));
        }
        match (failed, settled.status) {
            (Some(problem), _) if problem.code == "model_not_recorded" => {
                Err(Error::NotRecorded(problem.message))
            }
            (Some(problem), _) if is_infrastructure(&problem) => Err(Error::Infrastructure(problem)),
            (Some(problem), _) => Ok(Ending::Failed { problem: problem.to_string() }),
            (None, TurnStatus::Completed) => Ok(Ending::Completed),
            (None, status) => Ok(Ending::Failed { problem: format!("the turn ended as {status:?}") }),
        }
    }

    /// What was used up, in a conversation that took so long.
    pub(super) fn usage(&self, took: Duration) -> ObservedUsage {
        let cost_micros = self.used.cost_micros.filter(|_| !self.is_unpriced);
        ObservedUsage {
            cost_micros,
            latency_ms: Some(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            ..self.used
        }
    }
}

fn told(outcome: &ToolOutcome) -> CallOutcome {
    match outcome {
        ToolOutcome::Succeeded { .. } => CallOutcome::Succeeded,
        ToolOutcome::Failed { problem } if problem.kind == ErrorKind::Forbidden => CallOutcome::Refused,
        ToolOutcome::Failed { .. } => CallOutcome::Failed,
        ToolOutcome::Denied { .. } => CallOutcome::Refused,
        ToolOutcome::Unknown => CallOutcome::Unknown,
    }
}

/// What a provider says no to for reasons of its own.
const OF_THE_PROVIDER: [&str; 6] = [
    "model_unauthorized",
    "model_rate_limited",
    "model_quota_used",
    "model_rejected",
    "model_not_found",
    "model_misconfigured",
];

/// What is told as a failure that may pass, and is what the model itself said.
const OF_THE_AGENT: [&str; 2] = ["empty_answer", "answer_not_in_format"];

/// Whether a turn failed by no doing of its agent. What a provider's filter withholds, and an answer or a conversation
/// that is too long, are the agent's.
fn is_infrastructure(problem: &Problem) -> bool {
    match problem.kind {
        ErrorKind::Internal => true,
        ErrorKind::Unavailable => !OF_THE_AGENT.contains(&&*problem.code),
        _ => OF_THE_PROVIDER.contains(&&*problem.code),
    }
}
