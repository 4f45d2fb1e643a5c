//! The labels of an agent's prompt, each with what it takes to move it.

use kontor_core::caller::Caller;
use kontor_http::Services;

use crate::{
    error::Result,
    pages::evaluations::gate::{self, GateOfLabel},
    show::{Clock, Shown, instant},
};

pub(super) struct LabelView {
    pub(super) label: String,
    pub(super) version: i64,
    pub(super) is_protected: bool,
    pub(super) by: String,
    pub(super) when: Shown,
    pub(super) gate: Option<GateOfLabel>,
}

/// The labels of an agent, by name.
pub(super) async fn of(
    state: &Services,
    caller: &Caller,
    agent: &str,
    clock: Clock,
) -> Result<Vec<LabelView>> {
    let mut views = Vec::new();
    for label in state.agents.labels(caller, agent).await? {
        views.push(LabelView {
            gate: match gate::may_see(caller) {
                true => gate::of_label(state, caller, agent, &label.label).await?,
                false => None,
            },
            label: label.label,
            version: label.version,
            is_protected: label.is_protected,
            by: label.moved_by.to_string(),
            when: instant(label.moved_at, clock),
        });
    }
    Ok(views)
}
