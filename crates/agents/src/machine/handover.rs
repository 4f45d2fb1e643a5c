//! A conversation that one agent hands over to another, which goes on with the turn under its own role.

use kontor_core::turn::{AgentName, ToolOutcome, TurnEvent};
use kontor_models::surface::HAND_OVER;
use serde::{Deserialize, Serialize};

use super::{
    Call, State,
    transition::{Effect, Machine},
};

/// Where the conversation was handed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Handover {
    /// What the agent is called that did.
    pub(crate) from: String,
    pub(crate) why: String,
    /// What the other is told of it.
    pub(crate) note: String,
    /// The last step before it.
    pub(crate) after: u32,
}

impl Call {
    /// Whether it hands the conversation over.
    pub(crate) fn hands_over(&self) -> bool {
        self.operation == HAND_OVER
    }
}

impl State {
    /// The last step of another agent that had the turn before the one that has it.
    pub(crate) fn handed_after(&self) -> u32 {
        self.handovers.last().map_or(0, |handover| handover.after)
    }

    /// Whether a step was taken by the agent that has the turn, and not by one before it or one that was asked.
    pub(crate) fn is_own(&self, step: u32) -> bool {
        step > self.handed_after() && self.asked_for(step).is_none()
    }

    pub(super) fn hand_over(&mut self, from: Option<&AgentName>, why: &str) {
        let calls = self.step().into_iter().flat_map(|step| &step.calls);
        let is_done =
            |call: &&Call| call.hands_over() && matches!(call.outcome, Some(ToolOutcome::Succeeded { .. }));
        let note = calls.filter(is_done).find_map(|call| call.arguments["note"].as_str());
        self.handovers.push(Handover {
            from: from.map(|from| from.label.clone()).unwrap_or_default(),
            why: why.to_owned(),
            note: note.unwrap_or_default().trim().to_owned(),
            after: self.steps_so_far(),
        });
    }
}

impl Machine<'_> {
    /// Hands the conversation over. Whether it may be is asked then: the limits of the agent that leaves do not bind the
    /// other.
    pub(super) fn pass_on(&mut self, index: u32) {
        // What was used up until then is the agent's that hands over.
        self.effects.extend([Effect::Commit, Effect::HandOver(index)]);
    }

    /// The conversation is another agent's, which answers next: these are committed.
    pub(super) fn handed_over(&mut self, events: &[TurnEvent]) {
        for event in events {
            self.state.apply(event);
        }
        self.effects.push(Effect::CallModel);
    }
}
