//! The kinds of fields as models are told them and write them: a row for each kind in each table.

#![warn(clippy::wildcard_enum_match_arm)]

use kontor_core::{
    error::Issue,
    metadata::{Field, FieldKind, Outcome, SelectOption, TextFormat},
    reading::{Unread, whole_amount, whole_number},
    text,
};
use serde_json::{Value as Json, json};

/// Options that are told with a field; what more there is `describe` tells.
const MOST_OPTIONS: usize = 12;

/// A field in the prompt: `stage* LEAD|CLOSED_WON (won)`, `amount money`, `owner → member`, `account →`.
pub(super) fn told(field: &Field) -> String {
    let name = field.name.as_str();
    let required = if field.is_required && field.default.is_none() { "*" } else { "" };
    let kind = kind(&field.kind);
    // What the name says already is not said again.
    match kind.strip_suffix(name).unwrap_or(&kind).trim_end() {
        "" => format!("{name}{required}"),
        kind => format!("{name}{required} {kind}"),
    }
}

/// What a field holds, in as few words as do; nothing for a line of text.
pub(super) fn kind(kind: &FieldKind) -> String {
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
        FieldKind::Relation { object } => format!("→ {object}"),
        FieldKind::Target { objects } => {
            let objects: Vec<_> = objects.iter().map(|object| object.as_str()).collect();
            format!("→ {}", objects.join("|"))
        }
        FieldKind::Json => "JSON".to_owned(),
        FieldKind::Id => "id".to_owned(),
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
            let text = text.strip_suffix('%').unwrap_or(text);
            whole_number(text).map(|number| number.to_json()).map_err(unread)
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
            let mut points = text.split([',', ';', '\n']).map(str::trim).filter(|point| !point.is_empty());
            let primary = points.next();
            let additional: Vec<_> = points.collect();
            let mut value = json!({"primary": primary});
            if !additional.is_empty() {
                value["additional"] = json!(additional);
            }
            Ok(value)
        }),
        FieldKind::Target { objects } => json_or(text, |text| {
            let words = text.split_once([' ', ':', '/']);
            let (object, id) = words.ok_or_else(|| {
                let first = objects.first().map_or("contact", |object| object.as_str());
                wrong(format!("expected an object and the id of its record, as in \"{first} <id>\""))
            })?;
            Ok(json!({"object": object.trim(), "id": id.trim()}))
        }),
        FieldKind::SocialLinks | FieldKind::Address => json_or(text, |_| {
            let part = field.kind.first_part();
            Err(wrong(format!("expected its parts by themselves, such as {}.{part}", field.name)))
        }),
        FieldKind::Actor | FieldKind::Json => json_or(text, |text| Ok(text.into())),
    }
}

/// The option of this value or label, in whichever case.
fn named_option<'o>(options: &'o [SelectOption], text: &str) -> Option<&'o str> {
    let wanted = text::fold(text).replace([' ', '-'], "_");
    let is_meant = |name: &str| text::fold(name).replace([' ', '-'], "_") == wanted;
    let by_value = options.iter().find(|option| is_meant(&option.value));
    by_value
        .or_else(|| options.iter().find(|option| is_meant(&option.label)))
        .map(|option| option.value.as_str())
}

/// A composite that was written as JSON, or what a text makes of it.
fn json_or(text: &str, read: impl FnOnce(&str) -> Result<Json, Issue>) -> Result<Json, Issue> {
    if text.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str(text)
    {
        return Ok(json);
    }
    read(text)
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
