//! An agent asks another, and gets its answer as the result of a call.
//!
//! What the other may take up is taken out of what is left to the turn, and a step at least stays for whoever asked. A
//! part that fails is a call that failed: the agent that asked goes on.

use std::sync::Arc;

use kontor_core::{
    error::{ErrorKind, Problem},
    json::JsonText,
    text,
    turn::{AskedAgent, CallPlace, ToolOutcome, TurnEvent},
};
use kontor_models::surface::ASK_AGENT;
use serde_json::json;

use super::{Call, End, transition::Machine};

/// Characters of an answer that the agent that asked is told.
const LONGEST_ANSWER: usize = 16_000;

/// An agent that a call asks, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Engaged {
    pub(crate) index: u32,
    pub(crate) agent: Arc<AskedAgent>,
    /// What its definition allows a turn of it.
    pub(crate) steps: u32,
    pub(crate) calls: u32,
    pub(crate) seconds: u64,
}

impl Call {
    /// Whether it asks another agent.
    pub(crate) fn asks_an_agent(&self) -> bool {
        self.operation == ASK_AGENT
    }
}

impl Machine<'_> {
    pub(super) fn engaged(&mut self, engaged: Engaged) {
        let Engaged { index, agent, steps, calls, seconds } = engaged;
        let (turn, step) = (self.state.turn, self.state.step_number());
        let (taken, called) = (self.state.steps_so_far(), self.state.calls_so_far());
        let last_step = taken.saturating_add(steps).min(self.last_step().saturating_sub(1));
        let last_call = called.saturating_add(calls).min(self.last_call());
        if last_step <= taken {
            let message = "No steps are left in which another agent could answer. Answer with what you know.";
            let problem = Problem::new(ErrorKind::Limited, "no_steps_left", message);
            return self.settle(index, ToolOutcome::Failed { problem });
        }
        self.append(vec![TurnEvent::AgentAsked { turn, step, index, agent, last_step, last_call, seconds }]);
        self.begin_step();
    }

    /// The agent that answers has answered: the turn is over, or whoever asked goes on.
    pub(super) fn conclude(&mut self) {
        let Some(part) = self.state.part() else {
            let turn = self.state.turn;
            return self.finish(vec![TurnEvent::TurnCompleted { turn }], End::Completed);
        };
        let said = self.state.step().map(|step| step.text.trim()).unwrap_or_default();
        let answer = text::excerpt(said, LONGEST_ANSWER);
        let result = JsonText::new(&json!({ "agent": part.agent.name, "answer": answer }));
        let outcome = match result {
            Ok(result) => ToolOutcome::Succeeded { result },
            Err(_) => ToolOutcome::Failed { problem: Problem::internal() },
        };
        self.end_part(outcome);
    }

    /// The agent that answers cannot go on: the turn fails, or the call that asked.
    pub(super) fn give_up(&mut self, problem: Problem) {
        let Some(part) = self.state.part() else {
            let failed = self.state.failed(problem);
            return self.finish(vec![failed], End::Failed);
        };
        let problem = part.failed(&problem, self.state.changes_of(part));
        self.end_part(ToolOutcome::Failed { problem });
    }

    fn end_part(&mut self, outcome: ToolOutcome) {
        let Some(part) = self.state.part() else { return };
        let (CallPlace { step, .. }, took_ms) = (part.of, part.took_ms);
        let event =
            self.state.call_of(part.of).map(|call| call.result(self.state.turn, step, outcome, took_ms));
        self.append(event.into_iter().collect());
        self.proceed();
    }

    /// The last step that the agent that answers may take.
    fn last_step(&self) -> u32 {
        self.state.part().map_or(self.limits.steps, |part| part.last_step)
    }

    fn last_call(&self) -> u32 {
        self.state.part().map_or(self.limits.calls_per_turn, |part| part.last_call)
    }

    pub(super) fn too_many_steps(&self) -> Option<Problem> {
        if self.state.steps_so_far() < self.last_step() {
            return None;
        }
        let own = |of| self.state.steps.iter().filter(|step| step.of == of).count();
        let taken = self.state.part().map_or_else(|| self.state.steps.len(), |part| own(Some(part.of)));
        let message = format!("The agent did not finish within {taken} steps. Ask for less at a time.");
        Some(Problem::new(ErrorKind::Limited, "too_many_steps", message))
    }

    pub(super) fn too_many_calls(&self, calls: usize) -> Option<Problem> {
        let most = self.last_call();
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        if self.state.calls_so_far().saturating_add(calls) <= most {
            return None;
        }
        let message = match self.state.part() {
            None => format!("The agent needed more than {most} tool calls. Ask for less at a time."),
            Some(_) => {
                "The agent needed more tool calls than were left to it. Ask for less at a time.".to_owned()
            }
        };
        Some(Problem::new(ErrorKind::Limited, "too_many_calls", message))
    }
}
