//! Which operations a caller may call at all, whatever the grants allow: the tools of an agent, the scope of a token.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

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
