//! Which calls run, which a person is asked about first, and which a person has refused already.
//!
//! All of it is decided here, and from the log alone, so that a crash or another worker changes nothing.

use kontor_core::{
    operation::Effect,
    turn::{ApprovalReason, ToolOutcome},
};
use kontor_operations::{ApprovalPolicy, Consent, Decision};

use super::state::{Call, State};

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

pub(super) fn verdict(policy: &ApprovalPolicy, state: &State, call: &Call) -> Verdict {
    if let Some(approval) = &call.approval {
        return match &approval.answer {
            None => Verdict::Wait,
            Some(answer) if answer.approved => Verdict::Run,
            Some(answer) => Verdict::Deny { comment: answer.comment.clone() },
        };
    }
    // An operation that does not exist does not run.
    let Some(effect) = call.effect else { return Verdict::Run };
    let changes = Changes::of(state);
    if effect == Effect::Write
        && let Some(comment) = changes.refused
    {
        return Verdict::Deny { comment };
    }
    let consent = Consent::NotAsked { changed: changes.in_all, unasked: changes.unasked };
    match policy.decide(effect, call.records, &consent) {
        Decision::Allow => Verdict::Run,
        Decision::Ask(reason) => Verdict::Ask(reason),
    }
}

/// What people have said to a call that runs.
pub(crate) fn consent(state: &State, call: &Call) -> Consent {
    let answer = call.approval.as_ref().and_then(|approval| approval.answer.as_ref());
    if answer.is_some_and(|answer| answer.approved) {
        return Consent::Given;
    }
    let changes = Changes::of(state);
    Consent::NotAsked { changed: changes.in_all, unasked: changes.unasked }
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
