use std::{borrow::Cow, collections::BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::scope::fits;

/// Which agents may be used, by name: what every one of its lists of patterns allows, `*` standing for any text.
/// Without a list it is every agent, an empty list is none.
///
/// The lists are kept in one form: stars are not doubled, no pattern stands beside one that allows the same and more,
/// nor a list beside one that allows the same or less. So sets that allow the same are equal as far as one pattern
/// can be held against another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgentSet(BTreeSet<BTreeSet<String>>);

impl AgentSet {
    /// Every agent, those to come included.
    pub fn all() -> Self {
        Self::default()
    }

    /// The agents whose names fit one of these patterns.
    pub fn of(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::settled([patterns.into_iter().map(Into::into).collect()])
    }

    pub fn contains(&self, agent: &str) -> bool {
        self.0.iter().all(|list| list.iter().any(|pattern| fits(pattern, agent)))
    }

    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Its lists of patterns, each of which bounds it.
    pub fn lists(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        self.0.iter()
    }

    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        if self == other { self.clone() } else { Self::settled(self.0.iter().chain(&other.0).cloned()) }
    }

    fn settled(lists: impl IntoIterator<Item = BTreeSet<String>>) -> Self {
        let lists: BTreeSet<_> = lists.into_iter().map(|list| narrowest_form(&list)).collect();
        let is_needed = |list: &&BTreeSet<String>| {
            // One that every agent fits bounds nothing.
            !list.contains("*") && !lists.iter().any(|other| other != *list && is_within(other, list))
        };
        Self(lists.iter().filter(is_needed).cloned().collect())
    }
}

/// The patterns of a list that no other of them makes needless.
fn narrowest_form(list: &BTreeSet<String>) -> BTreeSet<String> {
    let patterns: BTreeSet<String> = list.iter().map(|pattern| without_double_stars(pattern)).collect();
    let is_needed =
        |pattern: &&String| !patterns.iter().any(|other| other != *pattern && fits(other, pattern));
    patterns.iter().filter(is_needed).cloned().collect()
}

fn without_double_stars(pattern: &str) -> String {
    let mut short = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        if !(character == '*' && short.ends_with('*')) {
            short.push(character);
        }
    }
    short
}

/// Whether each pattern of one list is allowed by one of the other.
fn is_within(list: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    list.iter().all(|pattern| other.iter().any(|wide| fits(wide, pattern)))
}

/// Names and patterns as a role lists them; several lists, each of which bounds it, where roles were combined.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Written {
    One(BTreeSet<String>),
    Several(BTreeSet<BTreeSet<String>>),
}

impl schemars::JsonSchema for AgentSet {
    fn schema_name() -> Cow<'static, str> {
        "AgentSet".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}

impl Serialize for AgentSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut lists = self.0.iter();
        match (lists.next(), lists.next()) {
            (None, _) => ["*"].serialize(serializer),
            (Some(only), None) => only.serialize(serializer),
            _ => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AgentSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer) {
            Ok(Written::One(patterns)) => Ok(Self::of(patterns)),
            Ok(Written::Several(lists)) => Ok(Self::settled(lists)),
            Err(_) => Err(D::Error::custom("agents are a list of names and patterns")),
        }
    }
}
