//! What a reader of a session is shown of the turns of others.
//!
//! What was said is what a session is shared for, and is shown whole. What tools were asked and answered is what the
//! member may read whose turn it is, and the reader may not: it is left out of everybody else's view, and so is what the
//! model thought.

use std::{collections::HashSet, sync::Arc};

use kontor_core::{
    error::Problem,
    ids::{MemberId, TurnId},
    json::JsonText,
    turn::{ApprovalQuestion, ToolOutcome, TurnEvent},
};
use serde_json::json;

use crate::{
    error::Error,
    machine::DONE_BEFORE,
    stored::{Draft, LoggedEvent},
    stream::StreamEvent,
};

/// What stands in the place of what is left out.
pub(crate) const LEFT_OUT: &str = "Not shown: it is the turn of another member.";

/// A reader's view of a session's log.
pub(crate) struct Veil {
    reader: MemberId,
    owner: MemberId,
    /// The turns that are not the reader's, of those that began before the view did.
    others: HashSet<TurnId>,
}

impl Veil {
    pub(crate) fn new(reader: MemberId, owner: MemberId, others: HashSet<TurnId>) -> Self {
        Self { reader, owner, others }
    }

    /// An event as the reader is shown it.
    ///
    /// # Errors
    /// Where what is left of it cannot be written.
    pub(crate) fn see(&mut self, logged: LoggedEvent) -> Result<LoggedEvent, Error> {
        if let TurnEvent::TurnStarted { turn, by, .. } = &*logged.event
            && by.unwrap_or(self.owner) != self.reader
        {
            self.others.insert(*turn);
        }
        if self.others.is_empty() || !self.others.contains(&logged.event.turn()) {
            return Ok(logged);
        }
        let (seq, at) = (logged.seq, logged.at);
        match veiled(&logged.event) {
            Some(event) => Ok(Draft::new(event)?.logged(seq, at)),
            None => Ok(logged),
        }
    }

    /// What is told live as the reader is told it; nothing of what another's model thinks.
    pub(crate) fn see_live(&mut self, event: StreamEvent) -> Result<Option<StreamEvent>, Error> {
        match event {
            StreamEvent::Logged(logged) => Ok(Some(StreamEvent::Logged(self.see(logged)?))),
            StreamEvent::ReasoningDelta { turn, .. } if self.others.contains(&turn) => Ok(None),
            other => Ok(Some(other)),
        }
    }
}

/// A failure as it is told to others: not what was done before it.
pub(crate) fn without_deeds(problem: &mut Problem) {
    if let Some((said, _)) = problem.message.split_once(DONE_BEFORE) {
        problem.message = said.to_owned();
    }
}

/// What is left of an event of another's turn, where that is not all of it.
fn veiled(event: &TurnEvent) -> Option<TurnEvent> {
    let mut event = event.clone();
    match &mut event {
        TurnEvent::ToolCalled { arguments, written, .. } => {
            *arguments = json!({});
            *written = None;
        }
        TurnEvent::ToolResult { outcome, .. } => *outcome = veiled_outcome(outcome)?,
        TurnEvent::ApprovalRequested { arguments, question, .. } => {
            *arguments = json!({});
            *question = ApprovalQuestion { record: None, ..question.clone() };
        }
        TurnEvent::ApprovalResolved { comment, .. } => comment.clear(),
        TurnEvent::MessageCompleted { reasoning, .. } => reasoning.clear(),
        TurnEvent::HistorySummarized { text, .. } => LEFT_OUT.clone_into(text),
        // It quotes the answer, which an agent that was asked gives to none but the one that asked it.
        TurnEvent::AnswerRefused { reason, .. } => LEFT_OUT.clone_into(reason),
        // What one agent tells another is the result of a call, not something that was said in the session.
        TurnEvent::AgentEvent { event, .. } => {
            let mut shown = veiled(event).unwrap_or_else(|| (**event).clone());
            if let TurnEvent::MessageCompleted { text, .. } = &mut shown {
                text.clear();
            }
            **event = shown;
        }
        TurnEvent::TurnFailed { problem, done, .. } => {
            done.clear();
            without_deeds(problem);
        }
        TurnEvent::AnswerCarried { value, calls, .. } => {
            *value = Arc::from("null");
            calls.clear();
        }
        // Each is named, so that an event that is new is not shown before somebody has decided on it.
        TurnEvent::TurnStarted { .. }
        | TurnEvent::AgentChanged { .. }
        | TurnEvent::AgentAsked { .. }
        | TurnEvent::StepStarted { .. }
        | TurnEvent::StepRestarted { .. }
        | TurnEvent::HistoryDropped { .. }
        | TurnEvent::Usage { .. }
        | TurnEvent::TurnCompleted { .. }
        | TurnEvent::TurnCancelled { .. } => return None,
    }
    Some(event)
}

fn veiled_outcome(outcome: &ToolOutcome) -> Option<ToolOutcome> {
    match outcome {
        ToolOutcome::Succeeded { .. } => {
            Some(ToolOutcome::Succeeded { result: JsonText::new(&json!({ "left_out": LEFT_OUT })).ok()? })
        }
        ToolOutcome::Failed { problem } => {
            Some(ToolOutcome::Failed { problem: Problem::new(problem.kind, problem.code.clone(), LEFT_OUT) })
        }
        ToolOutcome::Denied { .. } => Some(ToolOutcome::Denied { comment: String::new() }),
        ToolOutcome::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::{
        environment::Environment,
        time::Timestamp,
        turn::{AskedAgent, CallPlace},
    };

    use super::*;

    #[test]
    fn of_another_s_turn_no_result_argument_or_thought_is_shown_and_of_one_s_own_all() {
        let environment = Environment::system();
        let (ada, bob): (MemberId, MemberId) = (environment.new_id(), environment.new_id());
        let (hers, his): (TurnId, TurnId) = (environment.new_id(), environment.new_id());
        let (name, label) = ("clerk".to_owned(), "Clerk".to_owned());
        let asked = Arc::new(AskedAgent { id: environment.new_id(), name, label, version: 1 });
        let events = |turn, by| {
            let result = JsonText::new(&json!({"amount": "secret"})).unwrap();
            let outcome = ToolOutcome::Succeeded { result };
            let (call, operation) = ("c".to_owned(), "deal.find".to_owned());
            let arguments = json!({"amount": "secret"});
            vec![
                TurnEvent::TurnStarted { turn, message: "Ask".to_owned(), by },
                TurnEvent::MessageCompleted {
                    turn,
                    step: 1,
                    text: "Said".to_owned(),
                    reasoning: "secret".to_owned(),
                    interrupted: false,
                    answered_by: None,
                },
                TurnEvent::ToolCalled {
                    turn,
                    step: 1,
                    index: 0,
                    call: call.clone(),
                    operation: operation.clone(),
                    arguments,
                    effect: None,
                    records: None,
                    written: None,
                    answered_by: None,
                },
                TurnEvent::ToolResult { turn, step: 1, index: 0, call, operation, outcome, duration_ms: 1 },
                TurnEvent::AnswerRefused { turn, step: 1, reason: "secret".to_owned() }
                    .in_part_of(CallPlace { step: 1, index: 0 }, &asked),
            ]
        };
        let seen = |reader| {
            let mut veil = Veil::new(reader, ada, HashSet::new());
            let all = events(hers, None).into_iter().chain(events(his, Some(bob)));
            let seen = all.map(|event| {
                let logged = Draft::new(event).unwrap().logged(1, Timestamp::EPOCH);
                veil.see(logged).unwrap().data().to_owned()
            });
            seen.collect::<Vec<_>>()
        };
        let (by_ada, by_bob) = (seen(ada), seen(bob));
        for (own, others) in [(&by_ada[..5], &by_ada[5..]), (&by_bob[5..], &by_bob[..5])] {
            assert_eq!(own.iter().filter(|data| data.contains("secret")).count(), 4, "{own:?}");
            assert!(others.iter().all(|data| !data.contains("secret")), "{others:?}");
            assert!(others[1].contains("Said"));
        }
    }
}
