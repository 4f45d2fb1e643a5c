//! The schema of one field's value.

use kontor_core::{
    metadata::{Field, FieldKind, Outcome, SelectOption, TextFormat},
    value::{MAX_ADDITIONAL, MAX_LINE, MAX_MARKDOWN, scaled_to_json},
};
use serde_json::{Map, Value as Json, json};

use super::{View, is_plain};

/// A field's value as a caller gives it; one that is not required may be emptied with null.
pub(super) fn property(view: View<'_>, field: &Field) -> Json {
    let (mut schema, hint) = value(view, &field.kind);
    if !field.is_required {
        allow_null(&mut schema);
    }
    let description = match (field.description.is_empty(), hint.is_empty()) {
        (_, true) => field.description.clone(),
        (true, false) => hint,
        (false, false) => format!("{} {hint}", field.description),
    };
    let mut property = Map::new();
    if !is_plain(&field.label, &field.name) {
        property.insert("title".to_owned(), json!(field.label));
    }
    property.insert("description".to_owned(), json!(description));
    property.extend(schema);
    property.into()
}

/// The schema of a kind and what is to be said beside the field's own description.
fn value(view: View<'_>, kind: &FieldKind) -> (Map<String, Json>, String) {
    let text = |limit: usize| json!({"type": "string", "maxLength": limit});
    let (schema, hint) = match kind {
        FieldKind::Text { format: TextFormat::Line } => (text(MAX_LINE), String::new()),
        FieldKind::Text { format: TextFormat::Markdown } => (text(MAX_MARKDOWN), String::new()),
        FieldKind::Text { format: TextFormat::Domain } => {
            (text(MAX_LINE), "A domain such as example.com.".to_owned())
        }
        FieldKind::Number { decimals, min, max } => (number(*decimals, *min, *max), String::new()),
        FieldKind::Boolean => (json!({"type": "boolean"}), String::new()),
        FieldKind::Date => {
            (json!({"type": "string", "format": "date"}), "A date such as 2026-03-01.".to_owned())
        }
        FieldKind::DateTime => {
            (json!({"type": "string"}), "The member's time, such as 2026-03-01T09:30.".to_owned())
        }
        FieldKind::Select { options } => {
            let values: Vec<_> = options.iter().map(|option| option.value.as_str()).collect();
            let hint = if options.iter().all(is_clear) { String::new() } else { one_of(options) };
            (json!({"type": "string", "enum": values}), hint)
        }
        FieldKind::Currency => (
            json!({
                "type": "object",
                "properties": {
                    "amount": {"type": "number"},
                    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
                },
                "required": ["amount"],
                "additionalProperties": false,
            }),
            "The currency is an ISO 4217 code.".to_owned(),
        ),
        FieldKind::FullName => (parts(["first", "last"]), String::new()),
        FieldKind::Emails | FieldKind::Phones => (
            json!({
                "type": "object",
                "properties": {
                    "primary": {"type": "string"},
                    "additional": {"type": "array", "items": {"type": "string"}, "maxItems": MAX_ADDITIONAL},
                },
                "additionalProperties": false,
            }),
            String::new(),
        ),
        FieldKind::SocialLinks | FieldKind::Address => (parts(kind.parts().iter().copied()), String::new()),
        FieldKind::Relation { object } => (json!({"type": "string", "format": "uuid"}), record_of(object)),
        FieldKind::Target { objects } => {
            let objects: Vec<_> = objects.iter().filter(|object| view.sees(object)).collect();
            let schema = json!({
                "type": "object",
                "properties": {
                    "object": {"type": "string", "enum": objects},
                    "id": {"type": "string", "format": "uuid"},
                },
                "required": ["object", "id"],
                "additionalProperties": false,
            });
            (schema, "The object's name and the record's id.".to_owned())
        }
        FieldKind::Json => (json!({"type": "object"}), String::new()),
        // Never written by hand, so never asked for.
        FieldKind::Id | FieldKind::Actor | FieldKind::Position => (json!({}), String::new()),
    };
    match schema {
        Json::Object(schema) => (schema, hint),
        _ => (Map::new(), hint),
    }
}

fn number(decimals: u8, min: Option<i64>, max: Option<i64>) -> Json {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!(if decimals == 0 { "integer" } else { "number" }));
    for (keyword, bound) in [("minimum", min), ("maximum", max)] {
        if let Some(bound) = bound {
            schema.insert(keyword.to_owned(), scaled_to_json(bound, decimals));
        }
    }
    schema.into()
}

fn parts(names: impl IntoIterator<Item = &'static str>) -> Json {
    let properties: Map<_, _> =
        names.into_iter().map(|name| (name.to_owned(), json!({"type": "string"}))).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

/// Whose id is meant.
pub(super) fn record_of(object: &str) -> String {
    format!("Id of one {object} record.")
}

/// `One of: LEAD (Lead, open); CLOSED_WON (Closed Won, won).`, or `One of: WEB, EVENT.` where the labels say no
/// more than the values.
pub(super) fn one_of(options: &[SelectOption]) -> String {
    if options.iter().all(is_clear) {
        let values: Vec<_> = options.iter().map(|option| option.value.as_str()).collect();
        return format!("One of: {}.", values.join(", "));
    }
    let listed: Vec<_> = options
        .iter()
        .map(|option| {
            let outcome = match option.outcome {
                None => "",
                Some(Outcome::Open) => ", open",
                Some(Outcome::Won) => ", won",
                Some(Outcome::Lost) => ", lost",
            };
            format!("{} ({}{outcome})", option.value, option.label)
        })
        .collect();
    format!("One of: {}.", listed.join("; "))
}

/// Whether the value says all there is to say of an option.
fn is_clear(option: &SelectOption) -> bool {
    option.outcome.is_none() && is_plain(&option.label, &option.value.to_lowercase())
}

fn allow_null(schema: &mut Map<String, Json>) {
    if let Some(name) = schema.get("type").cloned() {
        schema.insert("type".to_owned(), json!([name, "null"]));
    }
    if let Some(Json::Array(options)) = schema.get_mut("enum") {
        options.push(Json::Null);
    }
}
