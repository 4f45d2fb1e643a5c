//! Which calls run, which a person is asked about first, and which a person has refused already.
//!
//! All of it is decided here, and from the log alone, so that a crash or another worker changes nothing.

use kontor_core::{
    operation::Effect,
    turn::{ApprovalReason, ToolOutcome},
};

use super::state::{Call, State};
use crate::limits::Limits;

/// What is to become of a call that has no outcome.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Run,
    Ask(ApprovalReason),
    /// A person was asked and has not answered.
    Wait,
    /// A person said no.
    Deny {
        comment: String,
    },
}

pub(super) fn verdict(limits: &Limits, state: &State, call: &Call) -> Verdict {
    if let Some(approval) = &call.approval {
        return match &approval.answer {
            None => Verdict::Wait,
            Some(answer) if answer.approved => Verdict::Run,
            Some(answer) => Verdict::Deny { comment: answer.comment.clone() },
        };
    }
    match call.effect {
        None | Some(Effect::Read) => Verdict::Run,
        Some(Effect::Destructive) => Verdict::Ask(ApprovalReason::Destructive),
        Some(Effect::Write | Effect::External) => change(limits, Changes::of(state), call.records),
    }
}

fn change(limits: &Limits, changes: Changes, more: u32) -> Verdict {
    match changes.refused {
        Some(comment) => Verdict::Deny { comment },
        None if changes.unasked.saturating_add(more) > limits.unasked_changes => {
            let (changed, allows) = (changes.in_all, limits.unasked_changes);
            Verdict::Ask(ApprovalReason::ManyChanges { changed, allows })
        }
        None => Verdict::Run,
    }
}

/// The records that a turn has changed, each call counted.
struct Changes {
    in_all: u32,
    /// Since a person last agreed to more changes, or since the turn began.
    unasked: u32,
    /// What a person said who wanted no more of them: it holds for the rest of the turn.
    refused: Option<String>,
}

impl Changes {
    fn of(state: &State) -> Self {
        let mut changes = Self { in_all: 0, unasked: 0, refused: None };
        for call in state.steps.iter().flat_map(|step| &step.calls) {
            if let Some(approval) = &call.approval
                && matches!(approval.reason, ApprovalReason::ManyChanges { .. })
                && let Some(answer) = &approval.answer
            {
                if answer.approved {
                    changes.unasked = 0;
                } else {
                    changes.refused = Some(answer.comment.clone());
                }
            }
            // Of an unknown outcome the worse is assumed.
            if matches!(call.outcome, Some(ToolOutcome::Succeeded { .. } | ToolOutcome::Unknown)) {
                changes.in_all = changes.in_all.saturating_add(call.records);
                changes.unasked = changes.unasked.saturating_add(call.records);
            }
        }
        changes
    }
}
