//! Which operations a caller may call at all, whatever the grants allow: the tools of an agent, the scope of a token.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Fault, Problem};

/// What lets a token talk to agents, beside the operations of its scope; no operation has this name.
pub const CHAT: &str = "chat";

/// Patterns over the names of operations: `*` stands for any text, as in `*`, `*.find` and `deal.*`. No pattern
/// allows nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Patterns(Arc<[String]>);

impl Patterns {
    pub fn new(patterns: Vec<String>) -> Self {
        Self(patterns.into())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn allow(&self, operation: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, operation))
    }

    /// The patterns of either list that the other allows as a whole.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let within = |some: &Self, all: &Self| {
            some.iter().filter(|pattern| all.allow(pattern)).map(str::to_owned).collect::<Vec<_>>()
        };
        let mut both = within(self, other);
        both.extend(
            within(other, self).into_iter().filter(|pattern| !self.iter().any(|known| known == pattern)),
        );
        Self::new(both)
    }

    /// Whether these allow nothing that the others do not allow too, as far as one pattern can be held against another.
    pub fn are_within(&self, other: &Self) -> bool {
        self.iter().all(|pattern| other.allow(pattern))
    }

    /// Whether they allow everything, operations to come included.
    pub fn are_everything(&self) -> bool {
        self.0.iter().any(|pattern| pattern == "*")
    }
}

/// The operations that a caller may call: what every one of its lists of patterns allows, so that narrowing it never
/// allows more. Without a list it is every operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope(Vec<Patterns>);

impl Scope {
    /// Every operation.
    pub const fn everything() -> Self {
        Self(Vec::new())
    }

    /// What of this scope these patterns allow too.
    #[must_use]
    pub fn narrowed(&self, patterns: &Patterns) -> Self {
        let mut lists = self.0.clone();
        if !lists.contains(patterns) {
            lists.push(patterns.clone());
        }
        Self(lists)
    }

    pub fn allows(&self, operation: &str) -> bool {
        self.0.iter().all(|patterns| patterns.allow(operation))
    }

    /// Whether nothing bounds it: whoever acts does so in person, and by no token that was made for a purpose.
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// It as one list of patterns; none where nothing bounds it. What several lists allow together is told by the
    /// patterns of one that another allows as a whole, so that never more is told than holds.
    pub fn as_patterns(&self) -> Option<Patterns> {
        self.0.iter().cloned().reduce(|all, list| all.intersect(&list))
    }

    /// Its lists of patterns, each of which bounds it.
    pub fn lists(&self) -> impl Iterator<Item = &Patterns> {
        self.0.iter()
    }

    /// That an operation is within it.
    ///
    /// # Errors
    /// [`OutOfScope`], which names the operation.
    pub fn require(&self, operation: &str) -> Result<(), OutOfScope> {
        if self.allows(operation) { Ok(()) } else { Err(OutOfScope(operation.to_owned())) }
    }
}

/// That a token's scope lacks an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the scope lacks {0}")]
pub struct OutOfScope(pub String);

impl Fault for OutOfScope {
    fn problem(&self) -> Problem {
        Problem::insufficient_scope(&self.0)
    }
}

/// Whether a name fits a pattern, in which `*` stands for any text. A pattern whose stars are taken for letters fits
/// another only where that one allows all that it does.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            let Some(rest) = name.strip_prefix(head) else { return false };
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(tail, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(all: &[&str]) -> Patterns {
        Patterns::new(all.iter().map(|&pattern| pattern.to_owned()).collect())
    }

    #[test]
    fn patterns_select_operations_by_name() {
        let reading = patterns(&["*.find", "deal.*", "search"]);
        for allowed in ["contact.find", "deal.update", "search"] {
            assert!(reading.allow(allowed), "{allowed}");
        }
        for refused in ["contact.update", "research", "search.x", "find", "account.delete"] {
            assert!(!reading.allow(refused), "{refused}");
        }
        assert!(patterns(&["*"]).allow("anything.at_all"));
        assert!(!patterns(&[]).allow("deal.find"));
    }

    #[test]
    fn several_lists_are_told_as_one_that_allows_no_more() {
        let told = |lists: &[&[&str]]| {
            let scope = lists.iter().fold(Scope::everything(), |scope, list| scope.narrowed(&patterns(list)));
            scope.as_patterns().map(|patterns| patterns.iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[&["deal.*", "search"], &["*"]]), Some(vec!["deal.*".into(), "search".into()]));
        assert_eq!(
            told(&[&["*.find", "lead.*"], &["deal.find", "lead.get"]]),
            Some(vec!["deal.find".into(), "lead.get".into()])
        );
        assert_eq!(told(&[&["deal.find"], &["lead.find"]]), Some(Vec::new()));
        assert!(patterns(&["deal.find"]).are_within(&patterns(&["deal.*"])));
        assert!(!patterns(&["deal.*"]).are_within(&patterns(&["deal.find", "*.get"])));
    }

    #[test]
    fn what_a_scope_lacks_is_named() {
        let deals = Scope::everything().narrowed(&patterns(&["deal.*"]));
        assert!(deals.require("deal.find").is_ok() && !deals.is_everything());
        let problem = deals.require("contact.find").unwrap_err().problem();
        let needed: Vec<_> = problem.needed_scopes().collect();
        assert_eq!((problem.code.as_ref(), needed), ("insufficient_scope", vec!["contact.find"]));
    }

    #[test]
    fn a_scope_that_is_narrowed_never_allows_more() {
        let all = Scope::everything();
        assert!(all.allows("deal.find"));
        let deals = all.narrowed(&patterns(&["deal.*"]));
        let finding = deals.narrowed(&patterns(&["*.find"])).narrowed(&patterns(&["*"]));
        assert!(deals.allows("deal.update") && !deals.allows("contact.find"));
        assert!(finding.allows("deal.find"));
        assert!(!finding.allows("deal.update") && !finding.allows("contact.find"));
        assert!(!finding.narrowed(&patterns(&[])).allows("deal.find"));
    }
}
