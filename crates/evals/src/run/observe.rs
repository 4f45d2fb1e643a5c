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
use crate::grade::{CallOutcome, Ending, ObservedCall, ObservedUsage};

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
    pub(super) fn add<'e>(
        &mut self,
        status: TurnStatus,
        events: impl Iterator<Item = &'e TurnEvent>,
    ) -> Result<Ending, Error> {
        let mut open: BTreeMap<(u32, u32), usize> = BTreeMap::new();
        let mut reply = String::new();
        let mut failed = None;
        let mut broken = None;
        for event in events {
            // Steps, calls and usage of agents that were asked too; what is said to the member is the turn's own.
            match event.inner() {
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
                    let is_of_the_turn = !matches!(event, TurnEvent::AgentEvent { .. });
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
        match (failed, status) {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kontor_core::{
        ids::{AgentId, TurnId},
        json::JsonText,
        turn::{AnsweredBy, AskedAgent, CallPlace},
        usage::StepUsage,
    };
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const TURN: TurnId = TurnId(Uuid::nil());

    fn called(step: u32, operation: &str, outcome: ToolOutcome) -> [TurnEvent; 2] {
        let (call, operation) = (format!("c{step}"), operation.to_owned());
        [
            TurnEvent::ToolCalled {
                turn: TURN,
                step,
                index: 0,
                call: call.clone(),
                operation: operation.clone(),
                arguments: json!({}),
                effect: None,
                records: None,
                written: None,
                answered_by: None,
            },
            TurnEvent::ToolResult { turn: TURN, step, index: 0, call, operation, outcome, duration_ms: 1 },
        ]
    }

    fn done() -> ToolOutcome {
        ToolOutcome::Succeeded { result: JsonText::new(&json!({})).unwrap() }
    }

    fn failed(kind: ErrorKind, code: &'static str) -> ToolOutcome {
        ToolOutcome::Failed { problem: Problem::new(kind, code, "It failed.") }
    }

    fn said(step: u32, text: &str, model: &str) -> TurnEvent {
        let event = json!({"event": "message.completed", "data": {"turn": TURN, "step": step, "text": text}});
        let mut event: TurnEvent = serde_json::from_value(event).unwrap();
        if let TurnEvent::MessageCompleted { answered_by, .. } = &mut event {
            *answered_by = Some(AnsweredBy { model: model.to_owned(), instead_of: None, sent: None });
        }
        event
    }

    fn used(step: u32, tokens: u64) -> TurnEvent {
        let usage = StepUsage { input_tokens: tokens, cost_micros: Some(tokens), ..StepUsage::default() };
        TurnEvent::Usage { turn: TURN, step, usage }
    }

    fn seen(events: &[TurnEvent]) -> (Seen, Result<Ending, Error>) {
        let mut seen = Seen::default();
        let ending = seen.add(TurnStatus::Completed, events.iter());
        (seen, ending)
    }

    #[test]
    fn what_an_agent_that_is_asked_does_is_counted_and_the_turn_alone_replies() {
        let helper = Arc::new(AskedAgent {
            id: AgentId(Uuid::nil()),
            name: "helper".to_owned(),
            label: "Helper".to_owned(),
            version: 1,
        });
        let of = CallPlace { step: 1, index: 0 };
        let [asks, answers] = called(1, "agent.ask", done());
        let part = [TurnEvent::StepStarted { turn: TURN, step: 2 }, used(2, 10)]
            .into_iter()
            .chain(called(2, "deal.update", done()))
            .chain([said(2, "From within.", "lab/helper")])
            .map(|event| event.in_part_of(of, &helper));
        let mut events = vec![TurnEvent::StepStarted { turn: TURN, step: 1 }, used(1, 5), asks];
        events.push(said(1, "To the member.", "lab/first"));
        events.extend(part);
        events.push(answers);
        let (seen, ending) = seen(&events);
        assert_eq!(ending.unwrap(), Ending::Completed);
        assert_eq!(seen.replies, ["To the member."]);
        let calls: Vec<_> = seen.calls.iter().map(|call| (&*call.operation, call.outcome)).collect();
        assert_eq!(calls, [("agent.ask", CallOutcome::Succeeded), ("deal.update", CallOutcome::Succeeded)]);
        let usage = seen.usage(Duration::from_millis(3));
        assert_eq!((usage.steps, usage.input_tokens, usage.cost_micros), (2, 15, Some(15)));
        assert_eq!(seen.models.iter().collect::<Vec<_>>(), ["lab/first", "lab/helper"]);
    }

    #[test]
    fn a_call_is_refused_by_grants_fails_by_itself_and_breaks_by_the_infrastructure() {
        let outcome = |kind, code| {
            let (seen, ending) = seen(&called(1, "deal.update", failed(kind, code)));
            ending.map(|_| seen.calls[0].outcome)
        };
        assert_eq!(outcome(ErrorKind::Forbidden, "field_not_writable").unwrap(), CallOutcome::Refused);
        assert_eq!(outcome(ErrorKind::Invalid, "invalid_input").unwrap(), CallOutcome::Failed);
        for (kind, code) in
            [(ErrorKind::Internal, "internal"), (ErrorKind::Unavailable, "database_unavailable")]
        {
            assert!(matches!(outcome(kind, code), Err(Error::Infrastructure(_))), "{code}");
        }
    }

    #[test]
    fn a_turn_fails_by_its_agent_or_by_no_doing_of_it() {
        let ending = |kind, code: &'static str| {
            let problem = Problem::new(kind, code, "It failed.");
            seen(&[TurnEvent::TurnFailed { turn: TURN, problem, done: Vec::new() }]).1
        };
        for (kind, code) in [
            (ErrorKind::Unavailable, "empty_answer"),
            (ErrorKind::Unavailable, "answer_not_in_format"),
            (ErrorKind::Limited, "too_many_steps"),
            (ErrorKind::Conflict, "model_filtered"),
            (ErrorKind::Limited, "model_answer_too_long"),
        ] {
            assert!(matches!(ending(kind, code), Ok(Ending::Failed { .. })), "{code}");
        }
        for (kind, code) in [
            (ErrorKind::Internal, "internal"),
            (ErrorKind::Unavailable, "model_unreachable"),
            (ErrorKind::Conflict, "model_unauthorized"),
            (ErrorKind::Limited, "model_rate_limited"),
        ] {
            assert!(matches!(ending(kind, code), Err(Error::Infrastructure(_))), "{code}");
        }
        assert!(matches!(ending(ErrorKind::Conflict, "model_not_recorded"), Err(Error::NotRecorded(_))));
    }
}
