use kontor_core::{turn::TurnEvent, usage::StepUsage};

use super::State;

/// What there is of an answer that did not come to its end.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Partial {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    /// What the provider had said, or an estimate; `None` where nothing came. It is paid for, whatever becomes of the answer.
    pub(crate) usage: Option<StepUsage>,
}

impl Partial {
    /// The events of an answer that ends here.
    pub(super) fn ended(self, state: &State) -> Vec<TurnEvent> {
        let (turn, step) = (state.turn, state.step_number());
        let mut events = Vec::with_capacity(2);
        if state.is_asking() && !(self.text.is_empty() && self.reasoning.is_empty()) {
            let (text, reasoning) = (self.text, self.reasoning);
            events.push(TurnEvent::MessageCompleted {
                turn,
                step,
                text,
                reasoning,
                interrupted: true,
                answered_by: None,
            });
        }
        events.extend(used(state, self.usage));
        events
    }

    /// The events of an answer that is void and asked for again.
    pub(super) fn voided(self, state: &State) -> Option<TurnEvent> {
        used(state, self.usage)
    }
}

/// The event of what an answer to the step that the turn is in used up.
pub(super) fn used(state: &State, usage: Option<StepUsage>) -> Option<TurnEvent> {
    Some(TurnEvent::Usage { turn: state.turn, step: state.step_number(), usage: usage? })
}
