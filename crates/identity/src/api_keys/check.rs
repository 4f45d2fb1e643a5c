//! What is wrong with a key that is to be made.

use std::time::Duration;

use kontor_core::{
    error::Issue,
    grants::scope_verbs,
    metadata::Schema,
    networks,
    scope::{CHAT, Patterns},
    text,
};

use super::NewApiKey;
use crate::{Error, Result, email};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Ten years.
const MAX_DAYS: u32 = 3_650;
const MAX_SCOPES: usize = 100;
const MAX_NETWORKS: usize = 50;
/// Characters of a scope.
const LONGEST: usize = 100;

/// What a key is made of.
pub(super) struct Checked {
    pub(super) name: String,
    pub(super) scopes: Patterns,
    pub(super) networks: Vec<String>,
    pub(super) ends_after: Option<Duration>,
}

impl Checked {
    /// All that is wrong is told at once.
    pub(super) fn of(new: &NewApiKey) -> Result<Self> {
        let mut wrong = Vec::new();
        let name = match email::name("name", &new.name) {
            Err(Error::Input(issues)) => {
                wrong.extend(issues);
                String::new()
            }
            other => other?,
        };
        if matches!(new.expires_in_days, Some(days) if !(1..=MAX_DAYS).contains(&days)) {
            let message = format!("A key ends after 1 to {MAX_DAYS} days.");
            wrong.push(Issue::new("expires_in_days", "out_of_range", message));
        }
        let scopes = read_scopes("scopes", &new.scopes).unwrap_or_else(|issues| {
            wrong.extend(issues);
            Patterns::new(Vec::new())
        });
        let given = new.networks.as_deref().unwrap_or_default();
        if given.len() > MAX_NETWORKS {
            let message = format!("A key has at most {MAX_NETWORKS} networks.");
            wrong.push(Issue::new("networks", "too_many", message));
        }
        let mut read = Vec::new();
        for (index, part) in given.iter().enumerate() {
            match networks::network(part.trim()) {
                Some(network) => read.push(network.to_string()),
                None => {
                    let told = text::excerpt(part, 60);
                    let message = format!("{told:?} is no address and no network such as 10.0.0.0/8.");
                    wrong.push(Issue::new(format!("networks[{index}]"), "invalid_network", message));
                }
            }
        }
        if !wrong.is_empty() {
            return Err(Error::Input(wrong));
        }
        read.dedup();
        Ok(Self { name, scopes, networks: read, ends_after: new.expires_in_days.map(|days| DAY * days) })
    }
}

/// Scopes as they are given, at a path.
pub(crate) fn read_scopes(path: &str, given: &[String]) -> Result<Patterns, Vec<Issue>> {
    let mut wrong = Vec::new();
    if given.is_empty() {
        let message = "Say what may be done, such as [\"deal.find\", \"contact.*\"].";
        wrong.push(Issue::new(path, "required", message));
    }
    if given.len() > MAX_SCOPES {
        wrong.push(Issue::new(path, "too_many", format!("There are at most {MAX_SCOPES} scopes.")));
    }
    let mut read: Vec<String> = Vec::new();
    for (index, scope) in given.iter().enumerate() {
        match is_scope(scope) {
            true if read.contains(scope) => {}
            true => read.push(scope.clone()),
            false => {
                let told = text::excerpt(scope, 60);
                let message = format!(
                    "{told:?} is no scope: expected an operation such as deal.find, or a pattern such as deal.*, *.find or *."
                );
                wrong.push(Issue::new(format!("{path}[{index}]"), "invalid_scope", message));
            }
        }
    }
    if wrong.is_empty() { Ok(Patterns::new(read)) } else { Err(wrong) }
}

/// `*`, a word, or an object and a verb, either of which may be `*`.
fn is_scope(scope: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
    };
    let is_part = |part: &str| part == "*" || is_word(part);
    scope.len() <= LONGEST
        && match scope.split_once('.') {
            None => is_part(scope),
            Some((object, verb)) => is_part(object) && is_part(verb),
        }
}

/// That the objects and verbs that scopes name are there: a key that can do nothing was mistyped.
pub(super) fn against(scopes: &Patterns, schema: &Schema) -> Result<()> {
    let mut wrong = Vec::new();
    for (index, scope) in scopes.iter().enumerate().filter(|(_, scope)| *scope != CHAT) {
        let Some((object, verb)) = scope.split_once('.') else { continue };
        let path = || format!("scopes[{index}]");
        if object != "*" && schema.object(object).is_none() {
            let near = text::suggestion(object, schema.objects().iter().map(|one| one.name.as_str()));
            wrong.push(Issue::new(path(), "unknown_object", format!("There is no object {object:?}.{near}")));
        }
        if verb != "*" && !scope_verbs().any(|known| known == verb) {
            let near = text::suggestion(verb, scope_verbs());
            wrong.push(Issue::new(
                path(),
                "unknown_operation",
                format!("Nothing is done by {verb:?}.{near}"),
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Input(wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_operations_and_patterns_over_them() {
        let given = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        let read =
            read_scopes("scopes", &given(&["deal.find", "contact.*", "*.get", "chat", "*", "deal.find"]));
        assert_eq!(
            read.unwrap().iter().collect::<Vec<_>>(),
            ["deal.find", "contact.*", "*.get", "chat", "*"]
        );
        let wrong = read_scopes(
            "scopes",
            &given(&["", "deal.", "Deal.find", "de*.find", "a.b.c", "x y", "deal.find"]),
        );
        let paths: Vec<_> = wrong.unwrap_err().into_iter().map(|issue| issue.path).collect();
        assert_eq!(paths, ["scopes[0]", "scopes[1]", "scopes[2]", "scopes[3]", "scopes[4]", "scopes[5]"]);
        assert_eq!(read_scopes("scopes", &[]).unwrap_err()[0].code, "required");
    }
}
