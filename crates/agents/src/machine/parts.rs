//! The parts that agents have in a turn whom another asked.
//!
//! They are folded from the turn's log as its own steps are. Steps are numbered through the turn, whosever they are, so
//! that the place of a call names it alone. One part stands within another as calls do: an agent that was asked may ask
//! a further one, and then waits for it.

use std::sync::Arc;

use kontor_core::{
    error::{ErrorKind, Problem},
    turn::{AskedAgent, CallPlace, TurnEvent},
    usage::Spent,
};
use serde::{Deserialize, Serialize};

use super::{Call, State};

/// What one agent was asked by another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The call that asks.
    pub(crate) of: CallPlace,
    pub(crate) agent: Arc<AskedAgent>,
    pub(crate) question: String,
    /// The last step of the turn that it may take.
    pub(crate) last_step: u32,
    /// The calls that the turn may have by then.
    pub(crate) last_call: u32,
    /// How long it may take.
    pub(crate) seconds: u64,
    /// What the turn had used up before it.
    pub(crate) spent_before: Spent,
    /// How long models and tools took for it.
    pub(crate) took_ms: u64,
    pub(crate) is_over: bool,
}

impl State {
    /// The part that the turn is in; none where its own agent answers.
    pub(crate) fn part(&self) -> Option<&Part> {
        self.parts.iter().rev().find(|part| !part.is_over)
    }

    /// The parts that the turn is in, the innermost last.
    pub(crate) fn open_parts(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| !part.is_over)
    }

    /// Whose step it is: the call that asked an agent for it, and that agent; none of the turn's own.
    pub(crate) fn asked_for(&self, step: u32) -> Option<(CallPlace, Arc<AskedAgent>)> {
        let of = self.steps.get(usize::try_from(step).ok()?.checked_sub(1)?)?.of?;
        let part = self.parts.iter().rev().find(|part| part.of == of)?;
        Some((of, part.agent.clone()))
    }

    /// A call whose result the agent that answers now has seen: not one of another's part.
    pub(crate) fn call_in_sight(&self, place: CallPlace) -> Option<&Call> {
        let of = self.asked_for(place.step).map(|(of, _)| of);
        let is_before = of.is_none() && place.step <= self.handed_after();
        self.call_of(place).filter(|_| !is_before && of == self.part().map(|part| part.of))
    }

    /// An event as it is logged: one of an agent that was asked as such.
    pub(crate) fn placed(&self, event: TurnEvent) -> TurnEvent {
        let asked_for = match &event {
            TurnEvent::StepStarted { .. } => self.part().map(|part| (part.of, part.agent.clone())),
            event => event.step().and_then(|step| self.asked_for(step)),
        };
        match asked_for {
            Some((of, agent)) => event.in_part_of(of, &agent),
            None => event,
        }
    }

    /// The calls of all steps up to this one.
    pub(crate) fn calls_until(&self, last: u32) -> u32 {
        let steps = self.steps.iter().zip(1..).filter(|(_, number)| *number <= last);
        u32::try_from(steps.map(|(step, _)| step.calls.len()).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// How many records the agent of a part changed, and those that it asked.
    pub(crate) fn changes_of(&self, part: &Part) -> usize {
        self.done().iter().filter(|done| self.is_within(done.step, part.of)).count()
    }

    /// Whether a step is of the agent that a call asked, or of one that this asked in turn.
    fn is_within(&self, step: u32, call: CallPlace) -> bool {
        let mut of = self.asked_for(step).map(|(of, _)| of);
        while let Some(place) = of {
            if place == call {
                return true;
            }
            of = self.asked_for(place.step).map(|(of, _)| of);
        }
        false
    }

    pub(super) fn begin_part(&mut self, event: &TurnEvent) {
        let TurnEvent::AgentAsked { step, index, agent, last_step, last_call, seconds, .. } = event else {
            return;
        };
        let of = CallPlace { step: *step, index: *index };
        let question = self.call_of(of).and_then(|call| call.arguments["question"].as_str());
        self.parts.push(Part {
            of,
            agent: agent.clone(),
            question: question.unwrap_or_default().to_owned(),
            last_step: *last_step,
            last_call: *last_call,
            seconds: *seconds,
            spent_before: self.spent,
            took_ms: 0,
            is_over: false,
        });
    }

    /// The call has its result, and what it asked comes to an end.
    pub(super) fn end_parts(&mut self, call: CallPlace) {
        if let Some(at) = self.parts.iter().position(|part| part.of == call) {
            self.parts.iter_mut().skip(at).for_each(|part| part.is_over = true);
        }
    }

    pub(super) fn end_all_parts(&mut self) {
        self.parts.iter_mut().for_each(|part| part.is_over = true);
    }

    pub(super) fn took(&mut self, duration_ms: u64) {
        for part in self.parts.iter_mut().filter(|part| !part.is_over) {
            part.took_ms = part.took_ms.saturating_add(duration_ms);
        }
    }
}

impl Part {
    /// What the agent that asked is told of a failure. Of what was done it learns how much alone: it may be of records
    /// that it may not read.
    pub(super) fn failed(&self, problem: &Problem, changes: usize) -> Problem {
        let mut message = format!("The agent {} gave no answer: {}", self.agent.name, problem.message);
        if changes > 0 {
            let records = if changes == 1 { "change" } else { "changes" };
            message.push_str(&format!(" It had made {changes} {records} before, which stay."));
        }
        let kind = if problem.kind.is_transient() { ErrorKind::Unavailable } else { problem.kind };
        Problem::new(kind, "agent_failed", message)
    }
}
