//! A form made of an object's fields.

use kontor_core::{
    caller::Caller,
    currency::Currency,
    grants::Grants,
    metadata::{Field, FieldKind, Name, Object, Schema, TextFormat},
    reading::readable,
    value::format_scaled,
};
use serde_json::Value as Json;

use super::{
    columns::is_part_of_target,
    names::{self, LABEL, PICKED},
    problems::{Problems, Trouble},
    reading,
};
use crate::{form::Fields, show::Shown};

/// The currencies that come first where a workspace has not used any.
const USUAL_CURRENCIES: [&str; 5] = ["USD", "EUR", "GBP", "CHF", "JPY"];
/// The days that a form takes.
const DAYS: [&str; 2] = ["1900-01-01", "2999-12-31"];

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
    pub wrong: Option<Trouble>,
    /// Where a page that comes back is begun.
    pub is_first_wrong: bool,
    /// What the record holds by now, where it is not what was sent.
    pub newer: Option<Shown>,
}

pub(crate) enum Control {
    Line {
        kind: &'static str,
        value: String,
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
        /// Those that come first, and the others.
        currencies: [Vec<String>; 2],
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
        /// The text that the value was picked by.
        picked: String,
        /// Whether, and by which name, a record is to be made.
        choice: String,
        is_target: bool,
        /// What one of the records is called, and what several are.
        thing: String,
        things: String,
        /// Whether a record can be made by its name.
        creates: bool,
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
    used_currencies: &[String],
) -> Vec<Input> {
    let form = Form { schema, caller, used_currencies };
    let mut inputs: Vec<_> = object
        .fields
        .iter()
        .filter(|field| is_editable(&caller.grants, object, field))
        .map(|field| {
            let json = record.get(field.name.as_str()).unwrap_or(&Json::Null);
            let control = control(&form, field, &Source { field, json, sent });
            Input {
                name: field.name.to_string(),
                label: field.label.clone(),
                hint: hint(field),
                is_required: field.is_required,
                is_wide: matches!(control, Control::Area { .. } | Control::Parts(_) | Control::Points { .. })
                    || field.name == object.label_field,
                control,
                wrong: problems.at(&field.name),
                is_first_wrong: false,
                newer: None,
            }
        })
        .collect();
    if let Some(first) = inputs.iter_mut().find(|input| input.wrong.is_some()) {
        first.is_first_wrong = true;
    }
    inputs
}

/// What all controls of a form are made with.
struct Form<'a> {
    schema: &'a Schema,
    caller: &'a Caller,
    used_currencies: &'a [String],
}

/// Where a control's text comes from.
struct Source<'a> {
    field: &'a Field,
    json: &'a Json,
    sent: Option<&'a Fields>,
}

impl Input {
    /// Whether what it says of the time zone is put right by a script.
    pub(crate) fn is_moment(&self) -> bool {
        matches!(self.control, Control::Line { kind: "datetime-local", .. })
    }
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

fn control(form: &Form<'_>, field: &Field, source: &Source<'_>) -> Control {
    let line = |kind, mode| Control::Line {
        kind,
        value: source.plain(""),
        min: String::new(),
        max: String::new(),
        mode,
    };
    match &field.kind {
        FieldKind::Text { format: TextFormat::Markdown } => Control::Area { value: source.plain("") },
        FieldKind::Text { format: TextFormat::Domain } => line("text", "url"),
        FieldKind::Number { .. } => Control::Line {
            kind: "text",
            value: source.text("", |json| Some(reading::number_input(&json.as_number()?.to_string()))),
            min: String::new(),
            max: String::new(),
            mode: "decimal",
        },
        FieldKind::Boolean => Control::Choice {
            options: vec![("true".to_owned(), "Yes".to_owned()), ("false".to_owned(), "No".to_owned())],
            value: source.plain(""),
            has_empty: !field.is_required,
        },
        FieldKind::Date => {
            let [min, max] = DAYS.map(str::to_owned);
            Control::Line { kind: "date", value: source.plain(""), min, max, mode: "" }
        }
        FieldKind::DateTime => Control::Line {
            kind: "datetime-local",
            // The input takes no zone; seconds and below are not a person's to write.
            value: reading::moment_input(&source.plain("")),
            min: format!("{}T00:00", DAYS[0]),
            max: format!("{}T23:59", DAYS[1]),
            mode: "",
        },
        FieldKind::Select { options } => Control::Choice {
            options: options.iter().map(|option| (option.value.clone(), option.label.clone())).collect(),
            value: source.plain(""),
            has_empty: !field.is_required,
        },
        FieldKind::Currency => {
            let currency = Some(source.plain("currency").to_uppercase());
            let currency = currency.filter(|currency| !currency.is_empty());
            let usual = form.caller.locale.currency.code();
            let first = form.used_currencies.first().map_or(usual, String::as_str);
            let currency = currency.unwrap_or_else(|| first.to_owned());
            Control::Money {
                amount: source.text("amount", |json| {
                    Some(reading::number_input(&json.get("amount")?.as_number()?.to_string()))
                }),
                currencies: currencies(form.used_currencies, &currency),
                currency,
            }
        }
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
        FieldKind::Relation { object } => {
            let value = source.text("", |json| Some(json.get("id")?.as_str()?.to_owned()));
            record(form, source, std::slice::from_ref(object), value, "label", false)
        }
        FieldKind::Target { objects } => {
            let value = source.text("", |json| {
                Some(format!("{}:{}", json.get("object")?.as_str()?, json.get("id")?.as_str()?))
            });
            let known = objects.iter().filter(|name| form.schema.object(name).is_some());
            record(form, source, &known.cloned().collect::<Vec<_>>(), value, "name", true)
        }
        FieldKind::Text { .. } | FieldKind::Id | FieldKind::Position | FieldKind::Actor | FieldKind::Json => {
            line("text", "")
        }
    }
}

/// A control that names a record of one of the objects, whose label is kept under `key` in the field's JSON.
fn record(
    form: &Form<'_>,
    source: &Source<'_>,
    objects: &[Name],
    value: String,
    key: &str,
    is_target: bool,
) -> Control {
    let held = |json: &Json| Some(json.get(key)?.as_str()?.to_owned());
    let (thing, things) = names::things(form.schema, objects);
    let only = if let [only] = objects { form.schema.object(only) } else { None };
    Control::Record {
        value,
        label: source.text(LABEL, held),
        picked: source.text(PICKED, held),
        choice: names::kept_choice(source.sent, &source.field.name),
        is_target,
        thing,
        things,
        creates: only.is_some_and(|object| names::may_create(form.caller, object)),
        objects: objects.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    }
}

/// The currencies that a form offers: those that the workspace has used, the usual ones and the one that is
/// chosen, and then all others.
fn currencies(used: &[String], chosen: &str) -> [Vec<String>; 2] {
    let mut first: Vec<String> = used.to_vec();
    first.extend(USUAL_CURRENCIES.map(str::to_owned));
    first.push(chosen.to_owned());
    let mut seen = std::collections::HashSet::new();
    first.retain(|code| seen.insert(code.clone()));
    let current = Currency::current();
    let others = current.iter().map(|currency| currency.code().to_owned());
    let others = others.filter(|code| !first.contains(code)).collect();
    [first, others]
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
    match &field.kind {
        FieldKind::DateTime => "In UTC.".to_owned(),
        FieldKind::Text { format: TextFormat::Markdown } => "Markdown.".to_owned(),
        FieldKind::Number { decimals, min, max } => {
            let bound = |bound: &Option<i64>| bound.map(|bound| readable(&format_scaled(bound, *decimals)));
            match (bound(min), bound(max)) {
                (Some(min), Some(max)) => format!("From {min} to {max}."),
                (Some(min), None) => format!("At least {min}."),
                (None, Some(max)) => format!("At most {max}."),
                (None, None) => String::new(),
            }
        }
        _ => String::new(),
    }
}
