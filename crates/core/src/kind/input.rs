//! What a caller gives as JSON: what the kinds read it with. What is wrong is said with its path, what was typed and
//! what was expected.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde_json::{Map, Value as Json};

use crate::{
    error::{Issue, join_path},
    locale::Locale,
    metadata::Field,
    reading::readable,
    text::{excerpt, suggestion},
    time::Date,
};

/// The longest one-line text, in characters.
pub const MAX_LINE: usize = 1_000;
/// The longest text of several lines, in characters.
pub const MAX_MARKDOWN: usize = 100_000;
/// The most additional mail addresses or telephone numbers.
pub const MAX_ADDITIONAL: usize = 50;
/// The years of the dates and moments that records hold: others are slips of the keyboard.
const YEARS: RangeInclusive<i32> = 1900..=2999;

pub(crate) type Parsed<T> = Result<T, Issue>;

/// All that is wrong with a value.
#[derive(Debug)]
pub(crate) struct Issues(pub(crate) Vec<Issue>);

impl From<Issue> for Issues {
    fn from(issue: Issue) -> Self {
        Self(vec![issue])
    }
}

/// What a caller gives a field.
pub(crate) struct Given<'a, V: ?Sized> {
    pub(crate) json: &'a Json,
    /// What the record holds: parts of a composite that the JSON does not name are kept.
    pub(crate) current: Option<&'a V>,
    pub(crate) field: &'a Field,
    /// Whose days, moments without an offset and amounts without a currency are meant.
    pub(crate) locale: &'a Locale,
}

/// Refuses a day in a year that nobody means.
pub(super) fn usual_year(date: Date, json: &Json) -> Parsed<Date> {
    if YEARS.contains(&date.inner().year()) {
        return Ok(date);
    }
    let given = excerpt(json.as_str().unwrap_or_default(), 60);
    let message = format!("expected a day in the years {} to {}, got {given}", YEARS.start(), YEARS.end());
    Err(Issue::new("", "out_of_range", message))
}

/// The texts of a composite of five parts.
pub(super) fn five_parts(
    json: &Json,
    names: [&'static str; 5],
    current: [String; 5],
    check: fn(&str) -> Parsed<String>,
) -> Result<[String; 5], Issues> {
    match json {
        Json::Object(map) => parts(map, names, current, check),
        other => Err(wrong_type(&format!("an object of {}", names.join(", ")), other).into()),
    }
}

/// The texts of a composite: those that are not named stay as they are.
pub(super) fn parts<const N: usize>(
    map: &Map<String, Json>,
    names: [&'static str; N],
    current: [String; N],
    check: fn(&str) -> Parsed<String>,
) -> Result<[String; N], Issues> {
    let mut issues: Vec<_> = known_keys(map, &names).err().into_iter().collect();
    let mut parts = current;
    for (name, part) in names.iter().zip(&mut parts) {
        match map.get(*name) {
            None => {}
            Some(Json::Null) => part.clear(),
            Some(json) => match string(json, "text").and_then(check) {
                Ok(text) => *part = text,
                Err(issue) => issues.push(issue.within(name)),
            },
        }
    }
    if issues.is_empty() { Ok(parts) } else { Err(Issues(issues)) }
}

/// A primary value and others, each read by `check`: a plain text stands for the primary one. Of those that are
/// alike by `key` the first is kept.
pub(super) fn contact_points(
    json: &Json,
    check: fn(&str) -> Parsed<String>,
    current: (String, Vec<String>),
    key: fn(&str) -> String,
) -> Result<(String, Vec<String>), Issues> {
    let (mut primary, mut additional) = current;
    let mut issues = Vec::new();
    let mut read = |json: &Json, path: &str| {
        let text = string(json, "text").and_then(check);
        text.map_err(|issue| issues.push(issue.within(path))).unwrap_or_default()
    };
    match json {
        Json::String(_) => primary = read(json, ""),
        Json::Object(map) => {
            let unknown = known_keys(map, &["primary", "additional"]).err();
            match map.get("primary") {
                None => {}
                Some(Json::Null) => primary.clear(),
                Some(json) => primary = read(json, "primary"),
            }
            match map.get("additional") {
                None => {}
                Some(Json::Null) => additional.clear(),
                Some(Json::Array(items)) if items.len() <= MAX_ADDITIONAL => {
                    let items = items.iter().enumerate();
                    additional =
                        items.map(|(index, item)| read(item, &format!("additional[{index}]"))).collect();
                }
                Some(other) => issues.push(
                    wrong_type(&format!("a list of at most {MAX_ADDITIONAL} texts"), other)
                        .within("additional"),
                ),
            }
            issues.extend(unknown);
        }
        other => issues.push(wrong_type("text or {\"primary\": …, \"additional\": […]}", other)),
    }
    if !issues.is_empty() {
        return Err(Issues(issues));
    }
    let mut known = vec![key(&primary)];
    additional.retain(|item| {
        let key = key(item);
        let is_new = !item.is_empty() && !known.contains(&key);
        known.push(key);
        is_new
    });
    Ok((primary, additional))
}

/// The texts of a composite as a record shows it: none where a part is missing. `None` where it is no composite.
pub(super) fn shown_parts<const N: usize>(json: &Json, names: [&str; N]) -> Option<[String; N]> {
    let map = json.as_object()?;
    Some(names.map(|name| map.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()))
}

/// A primary text and others, as a record shows them; a text alone is the primary one.
pub(super) fn shown_points(json: &Json) -> Option<(String, Vec<String>)> {
    if let Some(text) = json.as_str() {
        return Some((text.to_owned(), Vec::new()));
    }
    let primary = json.get("primary")?.as_str()?.to_owned();
    let additional = json.get("additional").and_then(Json::as_array).into_iter().flatten();
    Some((primary, additional.filter_map(Json::as_str).map(str::to_owned).collect()))
}

/// The parts that are not empty, in a line.
pub(super) fn write_joined(f: &mut fmt::Formatter<'_>, parts: &[&str]) -> fmt::Result {
    let parts: Vec<_> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    f.write_str(&parts.join(", "))
}

pub(super) fn parsed<T: FromStr>(json: &Json, expected: &str) -> Parsed<T> {
    string(json, expected)?.parse().map_err(|_| wrong_type(expected, json))
}

pub(super) fn string<'a>(json: &'a Json, expected: &str) -> Parsed<&'a str> {
    let text = json.as_str().ok_or_else(|| wrong_type(expected, json))?;
    no_nul(text)?;
    Ok(text)
}

/// A NUL byte: PostgreSQL cannot hold one, so neither engine does.
pub(super) fn no_nul(text: &str) -> Parsed<()> {
    if text.contains('\0') {
        return Err(Issue::new("", "nul_byte", "expected text without NUL bytes"));
    }
    Ok(())
}

pub(super) fn line(text: &str) -> Parsed<&str> {
    no_nul(text)?;
    bounded(text.trim(), MAX_LINE)
}

pub(super) fn bounded(text: &str, limit: usize) -> Parsed<&str> {
    if text.chars().count() > limit {
        let message = format!("expected at most {} characters", readable_limit(limit));
        return Err(Issue::new("", "too_long", message));
    }
    Ok(text)
}

pub(super) fn known_keys(map: &Map<String, Json>, known: &[&str]) -> Parsed<()> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let near = suggestion(key, known.iter().copied());
            let key = excerpt(key, 60);
            Err(Issue::new(
                join_path("", &key),
                "unknown_part",
                format!("{key:?} is not one of {}.{near}", known.join(", ")),
            ))
        }
    }
}

pub(super) fn wrong_type(expected: &str, json: &Json) -> Issue {
    let given = match json {
        Json::Null => "nothing".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
        other => excerpt(&other.to_string(), 60),
    };
    Issue::new("", "wrong_type", format!("expected {expected}, got {given}"))
}

/// A limit as a person reads it.
pub(crate) fn readable_limit(limit: usize) -> String {
    readable(&limit.to_string())
}
