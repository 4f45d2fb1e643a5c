//! What a record's form says, as the fields of a create or an update.

use std::collections::BTreeMap;

use kontor_core::{
    error::{Issue, Problem},
    grants::Grants,
    metadata::{Field, FieldKind, Object, TextFormat},
};
use serde_json::{Map, Value as Json, json};

use super::{
    filter::instant_text,
    inputs::{input_name, is_editable},
};
use crate::form::Fields;

/// What is wrong with a form, by field.
#[derive(Default)]
pub(crate) struct Problems {
    by_field: BTreeMap<String, String>,
    /// What belongs to no field of the form.
    pub general: Option<String>,
}

impl Problems {
    pub(crate) fn of(problem: &Problem, object: &Object) -> Self {
        let mut problems = Self::default();
        for Issue { path, message, .. } in &problem.issues {
            let name = path.split(['.', '[']).next().unwrap_or_default();
            if object.field(name).is_some() {
                problems.by_field.entry(name.to_owned()).or_insert_with(|| sentence(message));
            } else {
                problems.general.get_or_insert_with(|| sentence(message));
            }
        }
        if problems.by_field.is_empty() && problems.general.is_none() {
            problems.general = Some(problem.message.clone());
        }
        problems
    }

    /// One that belongs to no field.
    pub(crate) fn general(message: &str) -> Self {
        Self { general: Some(message.to_owned()), ..Self::default() }
    }

    pub(crate) fn at(&self, field: &str) -> Option<String> {
        self.by_field.get(field).cloned()
    }
}

/// A message of an issue, which goes on after a path, as a sentence of its own.
fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let mut text: String =
        characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default();
    if !text.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    text
}

/// The fields that the form says otherwise than the record. For a new record, where `record` is null, these are
/// all that are filled, and those whose default was taken out.
pub(crate) fn submitted(grants: &Grants, object: &Object, record: &Json, sent: &Fields) -> Map<String, Json> {
    let mut map = Map::new();
    for field in object.fields.iter().filter(|field| is_editable(grants, object, field)) {
        let Some(given) = value(field, sent) else { continue };
        let held = record.get(field.name.as_str()).map_or(Json::Null, |json| held(field, json));
        let is_cleared = record.is_null() && field.default.is_some() && same(&given, &Json::Null);
        if is_cleared {
            map.insert(field.name.to_string(), Json::Null);
        } else if !same(&given, &held) {
            map.insert(field.name.to_string(), given);
        }
    }
    map
}

/// A field's value as the form says it; `None` when the form did not have the field.
fn value(field: &Field, sent: &Fields) -> Option<Json> {
    let name = field.name.as_str();
    let part = |part: &str| sent.get(&input_name(name, part)).to_owned();
    let object = |parts: &[&str]| {
        sent.find(&input_name(name, parts.first()?))?;
        let map: Map<_, _> =
            parts.iter().map(|name| ((*name).to_owned(), Json::String(part(name)))).collect();
        Some(if map.values().all(|text| text == "") { Json::Null } else { Json::Object(map) })
    };
    let text = || {
        let text = match field.kind {
            // Browsers send line breaks as CR LF.
            FieldKind::Text { format: TextFormat::Markdown } => sent.find(name)?.replace("\r\n", "\n"),
            _ => sent.find(name)?.trim().to_owned(),
        };
        Some(if text.trim().is_empty() { Json::Null } else { Json::String(text) })
    };
    match &field.kind {
        FieldKind::Number { .. } => Some(match text()? {
            Json::String(text) => text.parse::<serde_json::Number>().map_or(Json::String(text), Json::Number),
            other => other,
        }),
        FieldKind::Boolean => Some(match sent.get(name) {
            "true" => json!(true),
            "false" => json!(false),
            _ => Json::Null,
        })
        .filter(|_| sent.find(name).is_some()),
        FieldKind::DateTime => Some(match text()? {
            Json::String(text) => Json::String(instant_text(&text)),
            other => other,
        }),
        FieldKind::Currency => {
            sent.find(&input_name(name, "amount"))?;
            let (amount, currency) = (part("amount"), part("currency").to_uppercase());
            Some(match amount.parse::<serde_json::Number>() {
                _ if amount.is_empty() => Json::Null,
                Ok(amount) => json!({ "amount": amount, "currency": currency }),
                Err(_) => json!({ "amount": amount, "currency": currency }),
            })
        }
        FieldKind::FullName => object(&["first", "last"]),
        FieldKind::Address => object(&["street", "city", "state", "postal_code", "country"]),
        FieldKind::SocialLinks => object(&["website", "linkedin", "x", "facebook", "instagram"]),
        FieldKind::Emails | FieldKind::Phones => {
            sent.find(&input_name(name, "primary"))?;
            let primary = part("primary");
            let additional: Vec<String> = part("additional")
                .lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .map(str::to_owned)
                .collect();
            let is_empty = primary.is_empty() && additional.is_empty();
            Some(if is_empty { Json::Null } else { json!({ "primary": primary, "additional": additional }) })
        }
        FieldKind::Target { .. } => Some(match text()? {
            Json::String(text) => match text.split_once(':') {
                Some((object, id)) => json!({ "object": object, "id": id }),
                None => Json::String(text),
            },
            other => other,
        }),
        _ => text(),
    }
}

/// A record's value in the form in which a form says it.
fn held(field: &Field, json: &Json) -> Json {
    match &field.kind {
        FieldKind::Relation { .. } => json.get("id").cloned().unwrap_or(Json::Null),
        FieldKind::Target { .. } => match (json.get("object"), json.get("id")) {
            (Some(object), Some(id)) if !id.is_null() => json!({ "object": object, "id": id }),
            _ => Json::Null,
        },
        // The input shows minutes; what is below them is not to be lost by saving.
        FieldKind::DateTime => {
            json.as_str().and_then(|text| text.get(..16)).map_or(Json::Null, |text| json!(instant_text(text)))
        }
        _ => json.clone(),
    }
}

/// Whether two values are the same to a person: an empty composite is no value, and 10 is 10.0.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Object(left), Json::Object(right)) => {
            let keys = left.keys().chain(right.keys());
            keys.into_iter()
                .all(|key| same(left.get(key).unwrap_or(&Json::Null), right.get(key).unwrap_or(&Json::Null)))
        }
        (Json::Null, Json::String(text)) | (Json::String(text), Json::Null) => text.is_empty(),
        (Json::Null, Json::Array(items)) | (Json::Array(items), Json::Null) => items.is_empty(),
        (Json::Null, Json::Object(map)) | (Json::Object(map), Json::Null) => {
            map.values().all(|value| same(value, &Json::Null))
        }
        (left, right) => left == right,
    }
}
