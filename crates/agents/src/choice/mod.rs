//! Which agent a session is given that was begun without one: rules over the words of the first message, and what the
//! workspace's fast model is asked where these tell nothing.

mod question;
mod rules;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    grants::{Action, Grants},
    turn::{RoutedBy, Routing},
};

pub(crate) use self::question::{answer, question};
use crate::{assignment::Assignment, definition::Agent};

/// An agent that may be chosen.
pub(crate) struct Candidate {
    agent: Agent,
    /// What its role allows; `None` where the role is gone.
    role: Option<Arc<Grants>>,
}

impl Candidate {
    pub(crate) fn new(agent: Agent, role: Option<Arc<Grants>>) -> Self {
        Self { agent, role }
    }

    fn label(&self) -> &str {
        &self.agent.definition.label
    }

    /// Whether it is offered what does this to records of an object.
    fn can(&self, object: &str, action: Action) -> bool {
        self.agent.definition.operations.allow(&format!("{object}.{}", action.verb()))
            && self.role.as_ref().is_some_and(|role| role.allows(object, action))
    }

    /// That a session goes to it.
    pub(crate) fn chosen(&self, by: RoutedBy, reason: impl Into<String>) -> Assignment {
        Assignment { agent: self.agent.id, routing: Routing { by, reason: reason.into() } }
    }
}

/// An object as people name it.
pub(crate) struct Spoken {
    pub(crate) name: String,
    pub(crate) plural: String,
    pub(crate) label: String,
    pub(crate) label_plural: String,
}

/// What is known without asking a model.
pub(crate) enum Known {
    /// There is nothing to choose from.
    Nothing,
    Chosen(Assignment),
    /// Those that are left, of which there are several.
    Open(Vec<Candidate>),
}

/// Those of these agents that a caller may use and that take messages.
pub(crate) fn usable(caller: &Caller, all: Vec<Agent>) -> Vec<Agent> {
    let may_use = |agent: &Agent| agent.is_active && caller.grants.agents().contains(&agent.name);
    all.into_iter().filter(may_use).collect()
}

/// Decides by the words of a message, where these leave one agent or set one clearly before the others. They are taken
/// at their word alone: who is not sure asks.
pub(crate) fn decide(message: &str, candidates: Vec<Candidate>, objects: &[Spoken]) -> Known {
    match candidates.as_slice() {
        [] => return Known::Nothing,
        [only] => {
            return Known::Chosen(only.chosen(RoutedBy::Only, "It is the only agent that may be used here."));
        }
        _ => {}
    }
    if let Some((at, reason)) =
        rules::named(message, &candidates).or_else(|| rules::proposed(message, &candidates))
    {
        return Known::Chosen(candidates[at].chosen(RoutedBy::Rules, reason));
    }
    let left = match rules::wanted(message, objects) {
        Some(wanted) => {
            let can: Vec<bool> = candidates.iter().map(|it| wanted.is_possible_for(it, objects)).collect();
            match can.iter().filter(|can| **can).count() {
                // Whichever it is will say that it cannot.
                0 => candidates,
                _ => candidates.into_iter().zip(can).filter_map(|(it, can)| can.then_some(it)).collect(),
            }
        }
        None => candidates,
    };
    if let [only] = left.as_slice() {
        let what = rules::wanted(message, objects).map(|wanted| wanted.words(objects)).unwrap_or_default();
        return Known::Chosen(
            only.chosen(RoutedBy::Rules, format!("It is the only agent here that can {what}.")),
        );
    }
    match rules::ahead(message, &left) {
        Some((at, reason)) => Known::Chosen(left[at].chosen(RoutedBy::Rules, reason)),
        None => Known::Open(left),
    }
}

/// The first of those that are left, because of what kept a better choice from being made.
pub(crate) fn first(left: &[Candidate], because: &str) -> Option<Assignment> {
    let reason = format!("It is the first that may be used: {because}.");
    left.first().map(|first| first.chosen(RoutedBy::Default, reason))
}
