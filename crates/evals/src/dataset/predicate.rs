//! Conditions on single values, with the operators of the one filter language.

use std::cmp::Ordering;

use kontor_core::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What a value must be. Where several are named, all must be true; a value that is absent is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Predicate {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eq: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neq: Option<Json>,
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_in: Option<Vec<Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gt: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gte: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lt: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lte: Option<Json>,
    /// A text that is in it, whatever the case and accents; of a list, an item that equals it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contains: Option<Json>,
    /// What a text begins with, whatever the case and accents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_with: Option<String>,
    /// A regular expression that is found in a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// Whether it is empty: absent, null, an empty text or list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_empty: Option<bool>,
}

impl Predicate {
    /// Whether it says nothing.
    pub fn says_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it holds for what stands at a path: `amount.amount`, `ids[0]`.
    pub fn holds_at(&self, values: &Map<String, Json>, path: &str) -> bool {
        self.holds(at(values, path))
    }

    /// Whether it holds for a value.
    pub fn holds(&self, value: Option<&Json>) -> bool {
        let value = value.unwrap_or(&Json::Null);
        let compare = |operand: &Option<Json>, fits: fn(Ordering) -> bool| {
            operand.as_ref().is_none_or(|operand| compare(value, operand).is_some_and(fits))
        };
        let folded = value.as_str().map(text::fold);
        self.eq.as_ref().is_none_or(|operand| equal(value, operand))
            && self.neq.as_ref().is_none_or(|operand| !equal(value, operand))
            && self.one_of.as_ref().is_none_or(|all| all.iter().any(|one| equal(value, one)))
            && self.not_in.as_ref().is_none_or(|all| !all.iter().any(|one| equal(value, one)))
            && compare(&self.gt, Ordering::is_gt)
            && compare(&self.gte, Ordering::is_ge)
            && compare(&self.lt, Ordering::is_lt)
            && compare(&self.lte, Ordering::is_le)
            && self.contains.as_ref().is_none_or(|needle| match (value, needle) {
                (Json::Array(items), needle) => items.iter().any(|item| equal(item, needle)),
                (_, Json::String(needle)) => {
                    folded.as_ref().is_some_and(|text| text.contains(&text::fold(needle)))
                }
                _ => false,
            })
            && self
                .starts_with
                .as_ref()
                .is_none_or(|head| folded.as_ref().is_some_and(|text| text.starts_with(&text::fold(head))))
            && self.matches.as_ref().is_none_or(|pattern| {
                let pattern = regex::Regex::new(pattern);
                value.as_str().zip(pattern.ok()).is_some_and(|(text, pattern)| pattern.is_match(text))
            })
            && self.is_empty.is_none_or(|empty| is_empty(value) == empty)
    }
}

/// What stands at a path.
pub(crate) fn at<'a>(values: &'a Map<String, Json>, path: &str) -> Option<&'a Json> {
    let mut segments = path.split(['.', '[']).map(|segment| segment.trim_end_matches(']'));
    let first = values.get(segments.next()?)?;
    segments.try_fold(first, |value, segment| match value {
        Json::Object(members) => members.get(segment),
        Json::Array(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    })
}

pub(crate) fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.values().all(is_empty),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether two values are the same. 1, 1.0 and "1" are: models write numbers as texts, and the operations take both.
pub(crate) fn equal(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            let covers = |left: &Map<String, Json>, right: &Map<String, Json>| {
                left.iter().all(|(name, value)| right.contains_key(name) || value.is_null())
            };
            let same =
                |(name, value): (&String, &Json)| right.get(name).is_none_or(|other| equal(value, other));
            covers(left, right) && covers(right, left) && left.iter().all(same)
        }
        (Json::Number(_), _) | (_, Json::Number(_)) => compare(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

/// Numbers by their size, texts by their letters (which is the order of dates and timestamps).
fn compare(left: &Json, right: &Json) -> Option<Ordering> {
    if let (Json::String(left), Json::String(right)) = (left, right) {
        return Some(left.cmp(right));
    }
    number(left)?.partial_cmp(&number(right)?)
}

fn number(value: &Json) -> Option<f64> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}
