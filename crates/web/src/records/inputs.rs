//! A form made of an object's fields.

use kontor_core::{
    caller::Caller,
    grants::Grants,
    metadata::{Field, FieldKind, Object, Schema, TextFormat},
    value::format_scaled,
};
use serde_json::Value as Json;

use super::{Problems, columns::is_part_of_target};
use crate::{form::Fields, show::Shown};

/// Currencies that a form proposes; every other can be written.
pub(crate) const CURRENCIES: [&str; 10] =
    ["USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "PLN", "INR"];

/// One field of a form, with what stands in it.
pub(crate) struct Input {
    pub name: String,
    pub label: String,
    pub hint: String,
    pub is_required: bool,
    /// Takes the whole width.
    pub is_wide: bool,
    pub control: Control,
    /// What was wrong with what was sent.
    pub wrong: Option<String>,
    /// What the record holds by now, where it is not what was sent.
    pub newer: Option<Shown>,
}

pub(crate) enum Control {
    Line {
        kind: &'static str,
        value: String,
        step: &'static str,
        min: String,
        max: String,
        mode: &'static str,
    },
    Area {
        value: String,
    },
    Choice {
        options: Vec<(String, String)>,
        value: String,
        has_empty: bool,
    },
    Money {
        amount: String,
        currency: String,
    },
    Parts(Vec<Part>),
    Points {
        kind: &'static str,
        primary: String,
        additional: String,
    },
    Record {
        objects: String,
        value: String,
        label: String,
        is_target: bool,
    },
}

/// One part of a composite field.
pub(crate) struct Part {
    pub name: String,
    pub label: &'static str,
    pub value: String,
    pub is_whole: bool,
}

/// Whether the caller may write the field by a form.
pub(crate) fn is_editable(grants: &Grants, object: &Object, field: &Field) -> bool {
    let has_control =
        !matches!(field.kind, FieldKind::Id | FieldKind::Position | FieldKind::Actor | FieldKind::Json);
    has_control
        && !field.is_system
        && !is_part_of_target(object, field)
        && grants.can_update_field(&object.name, &field.name)
}

/// The inputs of all fields that the caller may write, with the record's values, and in their place what was
/// sent.
pub(crate) fn inputs(
    schema: &Schema,
    caller: &Caller,
    object: &Object,
    record: &Json,
    sent: Option<&Fields>,
    problems: &Problems,
) -> Vec<Input> {
    object
        .fields
        .iter()
        .filter(|field| is_editable(&caller.grants, object, field))
        .map(|field| {
            let json = record.get(field.name.as_str()).unwrap_or(&Json::Null);
            let control = control(schema, field, &Source { field, json, sent });
            Input {
                name: field.name.to_string(),
                label: field.label.clone(),
                hint: hint(field),
                is_required: field.is_required,
                is_wide: matches!(control, Control::Area { .. } | Control::Parts(_) | Control::Points { .. })
                    || field.name == object.label_field,
                control,
                wrong: problems.at(&field.name),
                newer: None,
            }
        })
        .collect()
}

/// Where a control's text comes from.
struct Source<'a> {
    field: &'a Field,
    json: &'a Json,
    sent: Option<&'a Fields>,
}

impl Source<'_> {
    /// The text of a part, the whole where the part has no name.
    fn text(&self, part: &str, from_json: impl FnOnce(&Json) -> Option<String>) -> String {
        match self.sent {
            Some(sent) => sent.find(&input_name(&self.field.name, part)).unwrap_or_default().to_owned(),
            None => from_json(self.json).unwrap_or_default(),
        }
    }

    fn plain(&self, part: &str) -> String {
        self.text(part, |json| {
            let json = if part.is_empty() { json } else { json.get(part)? };
            match json {
                Json::String(text) => Some(text.clone()),
                Json::Number(number) => Some(number.to_string()),
                Json::Bool(value) => Some(value.to_string()),
                _ => None,
            }
        })
    }
}

/// The name of an input: the field's, and a part's after a dot.
pub(crate) fn input_name(field: &str, part: &str) -> String {
    if part.is_empty() { field.to_owned() } else { format!("{field}.{part}") }
}

fn control(schema: &Schema, field: &Field, source: &Source<'_>) -> Control {
    let line = |kind, mode| Control::Line {
        kind,
        value: source.plain(""),
        step: "",
        min: String::new(),
        max: String::new(),
        mode,
    };
    match &field.kind {
        FieldKind::Text { format: TextFormat::Markdown } => Control::Area { value: source.plain("") },
        FieldKind::Text { format: TextFormat::Domain } => line("text", "url"),
        FieldKind::Number { decimals, min, max } => Control::Line {
            kind: "number",
            value: source.plain(""),
            step: if *decimals == 0 { "1" } else { "any" },
            min: min.map(|min| format_scaled(min, *decimals)).unwrap_or_default(),
            max: max.map(|max| format_scaled(max, *decimals)).unwrap_or_default(),
            mode: "decimal",
        },
        FieldKind::Boolean => Control::Choice {
            options: vec![("true".to_owned(), "Yes".to_owned()), ("false".to_owned(), "No".to_owned())],
            value: source.plain(""),
            has_empty: !field.is_required,
        },
        FieldKind::Date => line("date", ""),
        FieldKind::DateTime => Control::Line {
            kind: "datetime-local",
            // The input takes no zone; seconds and below are not a person's to write.
            value: source.text("", |json| Some(json.as_str()?.get(..16)?.to_owned())),
            step: "",
            min: String::new(),
            max: String::new(),
            mode: "",
        },
        FieldKind::Select { options } => Control::Choice {
            options: options.iter().map(|option| (option.value.clone(), option.label.clone())).collect(),
            value: source.plain(""),
            has_empty: !field.is_required,
        },
        FieldKind::Currency => Control::Money {
            amount: source.plain("amount"),
            currency: Some(source.plain("currency"))
                .filter(|currency| !currency.is_empty())
                .unwrap_or_else(|| "USD".to_owned()),
        },
        FieldKind::FullName => parts(source, &[("first", "First name", false), ("last", "Last name", false)]),
        FieldKind::Address => parts(
            source,
            &[
                ("street", "Street", true),
                ("city", "City", false),
                ("state", "State", false),
                ("postal_code", "Postal code", false),
                ("country", "Country", false),
            ],
        ),
        FieldKind::SocialLinks => parts(
            source,
            &[
                ("website", "Website", false),
                ("linkedin", "LinkedIn", false),
                ("x", "X", false),
                ("facebook", "Facebook", false),
                ("instagram", "Instagram", false),
            ],
        ),
        FieldKind::Emails => points(source, "email"),
        FieldKind::Phones => points(source, "tel"),
        FieldKind::Relation { object } => Control::Record {
            value: source.text("", |json| Some(json.get("id")?.as_str()?.to_owned())),
            label: source.text("label", |json| Some(json.get("label")?.as_str()?.to_owned())),
            objects: object.to_string(),
            is_target: false,
        },
        FieldKind::Target { objects } => Control::Record {
            value: source.text("", |json| {
                Some(format!("{}:{}", json.get("object")?.as_str()?, json.get("id")?.as_str()?))
            }),
            label: source.text("label", |json| Some(json.get("name")?.as_str()?.to_owned())),
            objects: objects
                .iter()
                .filter(|name| schema.object(name).is_some())
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(","),
            is_target: true,
        },
        FieldKind::Text { .. } | FieldKind::Id | FieldKind::Position | FieldKind::Actor | FieldKind::Json => {
            line("text", "")
        }
    }
}

fn parts(source: &Source<'_>, parts: &[(&'static str, &'static str, bool)]) -> Control {
    Control::Parts(
        parts
            .iter()
            .map(|(part, label, is_whole)| Part {
                name: input_name(&source.field.name, part),
                label,
                value: source.plain(part),
                is_whole: *is_whole,
            })
            .collect(),
    )
}

fn points(source: &Source<'_>, kind: &'static str) -> Control {
    Control::Points {
        kind,
        primary: source.plain("primary"),
        additional: source.text("additional", |json| {
            let lines: Vec<_> = json.get("additional")?.as_array()?.iter().filter_map(Json::as_str).collect();
            Some(lines.join("\n"))
        }),
    }
}

fn hint(field: &Field) -> String {
    match field.kind {
        FieldKind::DateTime => "In UTC.".to_owned(),
        FieldKind::Text { format: TextFormat::Markdown } => "Markdown.".to_owned(),
        _ => String::new(),
    }
}
