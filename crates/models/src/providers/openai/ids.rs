//! Ids of calls on the wire: each server has its own idea of what one looks like, and a conversation may have been
//! begun with another. An id that fits goes as it is; another becomes a short one that is always the same.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use crate::{calls::short_id, config::CallIds};

/// The ids of one request, by our own.
pub(super) struct WireIds<'r> {
    rule: CallIds,
    used: HashSet<Cow<'r, str>>,
    /// Of the calls since the last answer, which are those whose results may follow.
    current: HashMap<&'r str, Cow<'r, str>>,
}

impl<'r> WireIds<'r> {
    pub(super) fn new(rule: CallIds) -> Self {
        Self { rule, used: HashSet::new(), current: HashMap::new() }
    }

    /// An answer begins.
    pub(super) fn begin(&mut self) {
        self.current.clear();
    }

    /// The id of a call; `own` is the one that the server gave it, where ours is another.
    pub(super) fn of_call(&mut self, id: &'r str, own: Option<String>) -> Cow<'r, str> {
        let own = own.filter(|own| !self.used.contains(own.as_str())).map(Cow::Owned);
        let wire = own.unwrap_or_else(|| self.fitted(id));
        self.used.insert(wire.clone());
        self.current.insert(id, wire.clone());
        wire
    }

    /// The id of a call by that of its result.
    pub(super) fn of_result(&self, id: &'r str) -> Cow<'r, str> {
        self.current.get(id).cloned().unwrap_or(Cow::Borrowed(id))
    }

    fn fitted(&self, id: &'r str) -> Cow<'r, str> {
        if fits(self.rule, id) && !self.used.contains(id) {
            return Cow::Borrowed(id);
        }
        let mut short = short_id(id);
        while self.used.contains(short.as_str()) {
            short = short_id(&format!("{short} {id}"));
        }
        Cow::Owned(short)
    }
}

/// Whether a server with this rule takes an id.
pub(super) fn fits(rule: CallIds, id: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match rule {
        CallIds::Short => (1..=40).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic()),
        CallIds::Word => (1..=40).contains(&id.len()) && id.chars().all(word),
        CallIds::Nine => id.len() == 9 && id.chars().all(|c| c.is_ascii_alphanumeric()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fit_the_server_stay_the_same_and_lead_back_to_their_calls() {
        let long = "x".repeat(41);
        let given = ["call_PTLP8xhu3uwZk4l3nlnrrJha", "functions.find:0", "abcDEF123", &long, "ä"];
        let mapped = |rule| {
            let mut ids = WireIds::new(rule);
            ids.begin();
            let wire: Vec<String> = given.iter().map(|id| ids.of_call(id, None).into_owned()).collect();
            let results: Vec<_> = given.iter().map(|id| ids.of_result(id).into_owned()).collect();
            assert_eq!(wire, results, "each result has the id of its call");
            wire
        };
        for rule in [CallIds::Short, CallIds::Word, CallIds::Nine] {
            let wire = mapped(rule);
            assert_eq!(wire, mapped(rule), "the same again");
            assert!(wire.iter().all(|id| fits(rule, id)), "{rule:?}: {wire:?}");
            for (given, wire) in given.iter().zip(&wire).filter(|(given, _)| fits(rule, given)) {
                assert_eq!(given, wire);
            }
        }
        assert_eq!(mapped(CallIds::Short)[..3], given[..3]);
    }

    #[test]
    fn no_two_calls_of_a_request_share_an_id() {
        let mut ids = WireIds::new(CallIds::Nine);
        let first = ids.of_call("a", None);
        ids.begin();
        let second = ids.of_call("a", None);
        assert!(first != second && fits(CallIds::Nine, &second));
        assert_eq!(ids.of_call("b", Some("the server's own".to_owned())), "the server's own");
        assert_ne!(ids.of_call("c", Some("the server's own".to_owned())), "the server's own");
    }
}
