//! JSON input as typed values. What is wrong is said with its path, what was typed and what was expected.

mod contact;
mod link;
mod number;
#[cfg(test)]
mod tests;

use serde_json::Value as Json;

pub(crate) use self::number::scaled as parse_number;
use self::{
    contact::{email, phone},
    link::{domain, link},
    number::{money, number},
};
use super::{Address, Emails, FullName, Phones, SocialLinks, TargetReference, Value};
use crate::{
    error::{Issue, join_path},
    filter::{FieldPath, Scalar},
    locale::{Locale, TimeZone},
    metadata::{Field, FieldKind, TextFormat},
    reading::readable,
    text::{excerpt, fold, phone_digits, suggestion},
    time::{Date, Timestamp},
};

/// The longest one-line text, in characters.
pub const MAX_LINE: usize = 1_000;
/// The longest text of several lines, in characters.
pub const MAX_MARKDOWN: usize = 100_000;
/// The most additional mail addresses or telephone numbers.
pub const MAX_ADDITIONAL: usize = 50;
/// The largest JSON value, in bytes of its text.
const MAX_JSON: usize = 65_536;
/// The longest text that lists are sorted by or that no two records share, in bytes as it is compared:
/// PostgreSQL's indexes hold 2,704 bytes an entry, the id and what else is kept with it included.
const MAX_INDEXED: usize = 2_500;
/// The years of the dates and moments that records hold: others are slips of the keyboard.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

type Parsed<T> = Result<T, Issue>;
type AllParsed<T> = Result<T, Vec<Issue>>;

/// Reads a field's JSON. Parts of a composite value that the JSON does not name are kept from `current`; days, moments
/// without an offset and amounts without a currency are those of `locale`.
///
/// # Errors
/// Every mistake, each with its path within the field.
pub fn parse_value(field: &Field, json: &Json, current: Option<&Value>, locale: &Locale) -> AllParsed<Value> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    let value = match &field.kind {
        FieldKind::Emails => emails(json, current)?,
        FieldKind::Phones => phones(json, current)?,
        FieldKind::SocialLinks => social_links(json, current)?,
        FieldKind::Address => address(json, current)?,
        FieldKind::FullName => full_name(json, current)?,
        _ => single(field, json, current, locale).map_err(|issue| vec![issue])?,
    };
    check_indexed(field, &value).map_err(|issue| vec![issue])?;
    Ok(value)
}

/// Reads the kinds of which at most one thing can be wrong.
fn single(field: &Field, json: &Json, current: Option<&Value>, locale: &Locale) -> Parsed<Value> {
    Ok(match &field.kind {
        FieldKind::Id => Value::Id(id(json)?),
        FieldKind::Text { format } => parse_text(json, *format)?,
        FieldKind::Number { decimals, min, max } => number(json, *decimals, *min, *max)?,
        FieldKind::Boolean => {
            Value::Boolean(json.as_bool().ok_or_else(|| wrong_type("true or false", json))?)
        }
        FieldKind::Date => Value::Date(sane(parse_date(json)?, json)?),
        FieldKind::DateTime => {
            let instant = parse_instant(json, locale.time_zone)?;
            sane(instant.date(), json)?;
            Value::DateTime(instant)
        }
        FieldKind::Select { options } => {
            let text = string(json, "one of the options")?;
            let found =
                options.iter().find(|option| option.value == text || fold(&option.label) == fold(text));
            Value::Select(found.map(|option| option.value.clone()).ok_or_else(|| {
                let values: Vec<_> = options.iter().map(|option| option.value.as_str()).collect();
                let near = suggestion(text, values.iter().copied());
                let text = excerpt(text, 60);
                Issue::new(
                    "",
                    "unknown_option",
                    format!("{text:?} is not one of {}.{near}", values.join(", ")),
                )
            })?)
        }
        FieldKind::Currency => money(field, json, current, locale.currency)?,
        FieldKind::Relation { .. } => Value::Relation(id(json)?),
        FieldKind::Target { objects } => target(json, objects)?,
        FieldKind::Position => match json.as_f64() {
            Some(position) if position.is_finite() => Value::Position(position),
            _ => return Err(wrong_type("a number", json)),
        },
        FieldKind::Json => {
            if json.to_string().len() > MAX_JSON {
                let message = format!("expected at most {} bytes of JSON", readable(&MAX_JSON.to_string()));
                return Err(Issue::new("", "too_long", message));
            }
            no_nul_within(json)?;
            Value::Json(Box::new(json.clone()))
        }
        FieldKind::Actor => return Err(Issue::new("", "read_only", "is written by the system")),
        FieldKind::Emails
        | FieldKind::Phones
        | FieldKind::SocialLinks
        | FieldKind::Address
        | FieldKind::FullName => return Err(wrong_type("a single value", json)),
    })
}

/// Refuses what an index of the field could not hold, which a few hundred characters of some scripts are.
fn check_indexed(field: &Field, value: &Value) -> Parsed<()> {
    if !(field.is_indexed || field.is_unique) {
        return Ok(());
    }
    let path = FieldPath::whole(field);
    match path.cell(field, value) {
        Some(Scalar::Text(text)) if text.len() > MAX_INDEXED => {
            let limit = readable(&MAX_INDEXED.to_string());
            let message = format!("expected at most {limit} bytes, since records are sorted by it");
            Err(Issue::new("", "too_long", message))
        }
        _ => Ok(()),
    }
}

fn parse_text(json: &Json, format: TextFormat) -> Parsed<Value> {
    let text = string(json, "text")?;
    let text = match format {
        TextFormat::Line => {
            let line = bounded(text.trim(), MAX_LINE)?;
            if line.contains(['\n', '\r']) {
                return Err(Issue::new("", "not_one_line", "expected one line of text"));
            }
            line.to_owned()
        }
        TextFormat::Markdown => bounded(text, MAX_MARKDOWN)?.to_owned(),
        TextFormat::Domain => domain(text)?,
    };
    Ok(if text.is_empty() { Value::Null } else { Value::Text(text) })
}

/// A day in any year, as RFC 3339 writes it.
pub(crate) fn parse_date(json: &Json) -> Parsed<Date> {
    parsed(json, "a date such as \"2026-03-01\"")
}

/// A moment with its offset; or, in `zone`, one without, or a date, which means its first instant.
pub(crate) fn parse_instant(json: &Json, zone: TimeZone) -> Parsed<Timestamp> {
    const EXPECTED: &str = "a moment such as \"2026-03-01T09:30:00Z\"";
    let text = string(json, EXPECTED)?;
    let wrong = || wrong_type(EXPECTED, json);
    if let Ok(date) = text.parse::<Date>() {
        return Ok(zone.start_of(date));
    }
    text.parse().or_else(|_| zone.parse_local(text)).map_err(|_| wrong())
}

/// Refuses a day in a year that nobody means.
fn sane(date: Date, json: &Json) -> Parsed<Date> {
    if YEARS.contains(&date.inner().year()) {
        return Ok(date);
    }
    let given = excerpt(json.as_str().unwrap_or_default(), 60);
    let message = format!("expected a day in the years {} to {}, got {given}", YEARS.start(), YEARS.end());
    Err(Issue::new("", "out_of_range", message))
}

fn full_name(json: &Json, current: Option<&Value>) -> AllParsed<Value> {
    let mut name = match current {
        Some(Value::FullName(name)) => name.clone(),
        _ => FullName::default(),
    };
    match json {
        Json::String(text) => {
            let text = line(text).map_err(|issue| vec![issue])?;
            let (first, last) = text.rsplit_once(' ').unwrap_or((text, ""));
            name = FullName { first: first.trim().to_owned(), last: last.to_owned() };
        }
        Json::Object(map) => {
            let [first, last] =
                parts(map, ["first", "last"], [name.first, name.last], |text| Ok(line(text)?.to_owned()))?;
            name = FullName { first, last };
        }
        other => return Err(vec![wrong_type("a name: {\"first\": …, \"last\": …}", other)]),
    }
    Ok(if name == FullName::default() { Value::Null } else { Value::FullName(name) })
}

fn emails(json: &Json, current: Option<&Value>) -> AllParsed<Value> {
    let current = match current {
        Some(Value::Emails(emails)) => (emails.primary.clone(), emails.additional.clone()),
        _ => Default::default(),
    };
    let (primary, additional) = contact_points(json, email, current, str::to_owned)?;
    let is_empty = primary.is_empty() && additional.is_empty();
    Ok(if is_empty { Value::Null } else { Value::Emails(Emails { primary, additional }) })
}

fn phones(json: &Json, current: Option<&Value>) -> AllParsed<Value> {
    let current = match current {
        Some(Value::Phones(phones)) => (phones.primary.clone(), phones.additional.clone()),
        _ => Default::default(),
    };
    let (primary, additional) = contact_points(json, phone, current, phone_digits)?;
    let is_empty = primary.is_empty() && additional.is_empty();
    Ok(if is_empty { Value::Null } else { Value::Phones(Phones { primary, additional }) })
}

fn social_links(json: &Json, current: Option<&Value>) -> AllParsed<Value> {
    let current = match current {
        Some(Value::SocialLinks(links)) => links.parts().map(str::to_owned),
        _ => Default::default(),
    };
    let parts = five_parts(json, &FieldKind::SocialLinks, current, link)?;
    let is_empty = parts.iter().all(String::is_empty);
    Ok(if is_empty { Value::Null } else { Value::SocialLinks(Box::new(SocialLinks::from_parts(parts))) })
}

fn address(json: &Json, current: Option<&Value>) -> AllParsed<Value> {
    let current = match current {
        Some(Value::Address(address)) => address.parts().map(str::to_owned),
        _ => Default::default(),
    };
    let parts = five_parts(json, &FieldKind::Address, current, |text| Ok(line(text)?.to_owned()))?;
    let is_empty = parts.iter().all(String::is_empty);
    Ok(if is_empty { Value::Null } else { Value::Address(Box::new(Address::from_parts(parts))) })
}

/// The texts of a composite of five parts.
fn five_parts(
    json: &Json,
    kind: &FieldKind,
    current: [String; 5],
    check: fn(&str) -> Parsed<String>,
) -> AllParsed<[String; 5]> {
    let names = kind.parts();
    match (json, <[&'static str; 5]>::try_from(names)) {
        (Json::Object(map), Ok(names)) => parts(map, names, current, check),
        _ => Err(vec![wrong_type(&format!("an object of {}", names.join(", ")), json)]),
    }
}

/// The texts of a composite: those that are not named stay as they are.
fn parts<const N: usize>(
    map: &serde_json::Map<String, Json>,
    names: [&'static str; N],
    current: [String; N],
    check: fn(&str) -> Parsed<String>,
) -> AllParsed<[String; N]> {
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
    if issues.is_empty() { Ok(parts) } else { Err(issues) }
}

/// A primary value and others, each read by `check`: a plain text stands for the primary one. Of those that are
/// alike by `key` the first is kept.
fn contact_points(
    json: &Json,
    check: fn(&str) -> Parsed<String>,
    current: (String, Vec<String>),
    key: fn(&str) -> String,
) -> AllParsed<(String, Vec<String>)> {
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
        return Err(issues);
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

fn target(json: &Json, objects: &[crate::metadata::Name]) -> Parsed<Value> {
    let Json::Object(map) = json else {
        return Err(wrong_type("a target: {\"object\": …, \"id\": …}", json));
    };
    known_keys(map, &["object", "id", "name"])?;
    let object = string(map.get("object").unwrap_or(&Json::Null), "an object's name")
        .map_err(|issue| issue.within("object"))?;
    let object = objects.iter().find(|known| known.as_str() == object).ok_or_else(|| {
        let names: Vec<_> = objects.iter().map(|name| name.as_str()).collect();
        let near = suggestion(object, names.iter().copied());
        let object = excerpt(object, 60);
        Issue::new(
            "object",
            "unknown_object",
            format!("{object:?} is not one of {}.{near}", names.join(", ")),
        )
    })?;
    let id = id(map.get("id").unwrap_or(&Json::Null)).map_err(|issue| issue.within("id"))?;
    let target = TargetReference { object: object.clone(), id: Some(id), name: String::new() };
    Ok(Value::Target(Box::new(target)))
}

fn id(json: &Json) -> Parsed<crate::ids::RecordId> {
    parsed(json, "an id such as \"018f2b6e-7c1a-7000-8000-000000000001\"")
}

fn parsed<T: std::str::FromStr>(json: &Json, expected: &str) -> Parsed<T> {
    string(json, expected)?.parse().map_err(|_| wrong_type(expected, json))
}

fn string<'a>(json: &'a Json, expected: &str) -> Parsed<&'a str> {
    let text = json.as_str().ok_or_else(|| wrong_type(expected, json))?;
    no_nul(text)?;
    Ok(text)
}

/// A NUL byte: PostgreSQL cannot hold one, so neither engine does.
fn no_nul(text: &str) -> Parsed<()> {
    if text.contains('\0') {
        return Err(Issue::new("", "nul_byte", "expected text without NUL bytes"));
    }
    Ok(())
}

/// As [`no_nul`], for all texts and keys of a JSON value, which is no deeper than a parser lets it be.
fn no_nul_within(json: &Json) -> Parsed<()> {
    match json {
        Json::String(text) => no_nul(text),
        Json::Array(items) => items.iter().try_for_each(no_nul_within),
        Json::Object(map) => {
            map.iter().try_for_each(|(key, item)| no_nul(key).and_then(|()| no_nul_within(item)))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

fn line(text: &str) -> Parsed<&str> {
    no_nul(text)?;
    bounded(text.trim(), MAX_LINE)
}

fn bounded(text: &str, limit: usize) -> Parsed<&str> {
    if text.chars().count() > limit {
        let limit = readable(&limit.to_string());
        return Err(Issue::new("", "too_long", format!("expected at most {limit} characters")));
    }
    Ok(text)
}

fn known_keys(map: &serde_json::Map<String, Json>, known: &[&str]) -> Parsed<()> {
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

fn wrong_type(expected: &str, json: &Json) -> Issue {
    let given = match json {
        Json::Null => "nothing".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
        other => excerpt(&other.to_string(), 60),
    };
    Issue::new("", "wrong_type", format!("expected {expected}, got {given}"))
}
