//! The kinds of fields as models are told them and write them: a row for each kind in each table.

#![warn(clippy::wildcard_enum_match_arm)]

use kontor_core::{
    error::Issue,
    filter::PartType,
    metadata::{Field, FieldKind, Outcome, SelectOption, TextFormat},
    reading::{Unread, whole_amount, whole_number},
    text,
};
use serde_json::{Value as Json, json};

/// Options that are told with a field; what more there is `describe` tells.
const MOST_OPTIONS: usize = 12;

/// A field in the prompt: `stage* LEAD|CLOSED_WON (won)`, `amount money`, `owner → member`, `account →`.
pub(super) fn told(field: &Field, sees: impl Fn(&str) -> bool) -> String {
    let name = field.name.as_str();
    let required = if field.is_required && field.default.is_none() { "*" } else { "" };
    let kind = kind(&field.kind, sees);
    // What the name says already is not said again.
    match kind.strip_suffix(name).unwrap_or(&kind).trim_end() {
        "" => format!("{name}{required}"),
        kind => format!("{name}{required} {kind}"),
    }
}

/// What a field holds, in as few words as do; nothing for a line of text. `sees` says which objects the caller may read.
pub(super) fn kind(kind: &FieldKind, sees: impl Fn(&str) -> bool) -> String {
    match kind {
        FieldKind::Text { format: TextFormat::Line } => String::new(),
        FieldKind::Text { format: TextFormat::Markdown } => "text".to_owned(),
        FieldKind::Text { format: TextFormat::Domain } => "domain".to_owned(),
        FieldKind::Number { .. } if kind.is_percentage() => "0-100".to_owned(),
        FieldKind::Number { .. } | FieldKind::Position => "number".to_owned(),
        FieldKind::Boolean => "true|false".to_owned(),
        FieldKind::Date => "date".to_owned(),
        FieldKind::DateTime => "time".to_owned(),
        FieldKind::Select { options } => {
            let shown: Vec<_> = options.iter().take(MOST_OPTIONS).map(option).collect();
            let rest = if options.len() > MOST_OPTIONS { "|…" } else { "" };
            format!("{}{rest}", shown.join("|"))
        }
        FieldKind::Currency => "money".to_owned(),
        FieldKind::FullName => "first and last name".to_owned(),
        FieldKind::Emails => "mail".to_owned(),
        FieldKind::Phones => "phone".to_owned(),
        FieldKind::SocialLinks | FieldKind::Address => format!(".{}", kind.parts().join("|.")),
        FieldKind::Actor => "by whom".to_owned(),
        FieldKind::Relation { object } if sees(object) => format!("→ {object}"),
        FieldKind::Relation { .. } | FieldKind::Id => "id".to_owned(),
        FieldKind::Target { objects } => {
            let objects: Vec<_> =
                objects.iter().map(|object| object.as_str()).filter(|object| sees(object)).collect();
            format!("→ {}", objects.join("|"))
        }
        FieldKind::Json => "JSON".to_owned(),
    }
}

fn option(option: &SelectOption) -> String {
    match option.outcome {
        Some(Outcome::Won) => format!("{} (won)", option.value),
        Some(Outcome::Lost) => format!("{} (lost)", option.value),
        Some(Outcome::Open) | None => option.value.clone(),
    }
}

/// A value as an operation takes it, from what a model wrote: JSON of the field's kind, or the same as a text.
///
/// # Errors
/// What is no value of the kind and cannot be left to the operation's own schema to refuse.
pub(super) fn value(field: &Field, written: &Json) -> Result<Json, Issue> {
    let Json::String(text) = written else { return Ok(written.clone()) };
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Ok(Json::Null);
    }
    let as_written = || Ok(written.clone());
    match &field.kind {
        FieldKind::Text { .. } => as_written(),
        FieldKind::Id | FieldKind::Date | FieldKind::DateTime | FieldKind::Relation { .. } => Ok(text.into()),
        FieldKind::Select { options } => Ok(named_option(options, text).unwrap_or(text).into()),
        FieldKind::Boolean => Ok(boolean(text).map_or_else(|| text.into(), Json::from)),
        FieldKind::Number { .. } | FieldKind::Position => {
            let percent = text.strip_suffix('%').filter(|_| field.kind.is_percentage());
            number(percent.unwrap_or(text))
        }
        FieldKind::Currency => json_or(text, |text| {
            let amount = whole_amount(text).map_err(unread)?;
            let mut money = json!({"amount": amount.number.to_json()});
            if let Some(currency) = amount.currency {
                money["currency"] = currency.code().into();
            }
            Ok(money)
        }),
        FieldKind::FullName => json_or(text, |text| {
            let (first, last) = text.rsplit_once(' ').unwrap_or((text, ""));
            Ok(json!({"first": first.trim(), "last": last}))
        }),
        FieldKind::Emails | FieldKind::Phones => json_or(text, |text| {
            let mut points = listed(text);
            let primary = points.next();
            let additional: Vec<_> = points.collect();
            let mut value = json!({"primary": primary});
            if !additional.is_empty() {
                value["additional"] = json!(additional);
            }
            Ok(value)
        }),
        FieldKind::Target { .. } => json_or(text, |text| {
            let words = text.split_once([' ', ':', '/']);
            let expected = "expected an object and the id of its record: \"<object> <id>\"";
            let (object, id) = words.ok_or_else(|| wrong(expected.to_owned()))?;
            Ok(json!({"object": object.trim(), "id": id.trim()}))
        }),
        FieldKind::SocialLinks | FieldKind::Address => json_or(text, |_| {
            let part = field.kind.first_part();
            Err(wrong(format!("expected its parts by themselves, such as {}.{part}", field.name)))
        }),
        FieldKind::Actor | FieldKind::Json => json_or(text, |text| Ok(text.into())),
    }
}

/// The value of one part of a composite, from what a model wrote.
///
/// # Errors
/// As [`value`].
pub(super) fn part(field: &Field, part: &str, written: &Json) -> Result<Json, Issue> {
    let Json::String(text) = written else { return Ok(written.clone()) };
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Ok(Json::Null);
    }
    if !field.kind.parts().contains(&part) {
        // Refused by the operation, which knows the parts.
        return Ok(written.clone());
    }
    match field.kind.part_type(part) {
        PartType::Number(_) | PartType::Position => number(text),
        PartType::Boolean => Ok(boolean(text).map_or_else(|| text.into(), Json::from)),
        PartType::Opaque => json_or(text, |text| Ok(listed(text).collect())),
        PartType::FoldedText
        | PartType::LowerText
        | PartType::UpperText
        | PartType::Phone
        | PartType::Option
        | PartType::Date
        | PartType::DateTime
        | PartType::Id => Ok(text.into()),
    }
}

/// A number, as people or as programs write it.
fn number(text: &str) -> Result<Json, Issue> {
    let is_machine_written = text.contains(['e', 'E']);
    if is_machine_written && let Ok(number) = text.parse::<serde_json::Number>() {
        return Ok(number.into());
    }
    whole_number(text).map(|number| number.to_json()).map_err(unread)
}

/// The entries of a list in one text.
fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\n']).map(str::trim).filter(|entry| !entry.is_empty())
}

/// The option of this value or label, in whichever case.
pub(super) fn named_option<'o>(options: &'o [SelectOption], text: &str) -> Option<&'o str> {
    let wanted = text::fold(text).replace([' ', '-'], "_");
    let is_meant = |name: &str| text::fold(name).replace([' ', '-'], "_") == wanted;
    let by_value = options.iter().find(|option| is_meant(&option.value));
    by_value
        .or_else(|| options.iter().find(|option| is_meant(&option.label)))
        .map(|option| option.value.as_str())
}

/// A composite that was written as JSON, or what a text makes of it.
fn json_or(text: &str, read: impl FnOnce(&str) -> Result<Json, Issue>) -> Result<Json, Issue> {
    unwrapped(text).map_or_else(|| read(text), Ok)
}

/// The object or list that a text holds as JSON.
pub(super) fn unwrapped(text: &str) -> Option<Json> {
    let text = text.trim();
    if text.starts_with(['{', '[']) { serde_json::from_str(text).ok() } else { None }
}

/// `true` or `false` in the words that models use.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn unread(why: Unread) -> Issue {
    Issue::new("", why.code(), why.to_string())
}

fn wrong(message: String) -> Issue {
    Issue::new("", "wrong_type", message)
}
