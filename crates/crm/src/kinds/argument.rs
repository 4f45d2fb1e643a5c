//! What operations ask for as a field's value: its JSON Schema.

use kontor_core::{
    metadata::{FieldKind, Outcome, SelectOption, TextFormat},
    value::{MAX_ADDITIONAL, MAX_LINE, MAX_MARKDOWN, scaled_to_json},
};
use serde_json::{Map, Value as Json, json};

/// The schema of a kind and what is to be said beside the field's own description.
///
/// `sees` says which objects' records the caller may read.
pub(crate) fn argument(kind: &FieldKind, sees: impl Fn(&str) -> bool) -> (Map<String, Json>, String) {
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
            let objects: Vec<_> = objects.iter().filter(|object| sees(object)).collect();
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
    let schema = if let Json::Object(schema) = schema { schema } else { Map::new() };
    (schema, hint)
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
pub(crate) fn record_of(object: &str) -> String {
    format!("Id of one {object} record.")
}

/// `One of: LEAD (Lead, open); CLOSED_WON (Closed Won, won).`, or `One of: WEB, EVENT.` where the labels say no
/// more than the values.
pub(crate) fn one_of(options: &[SelectOption]) -> String {
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

/// Whether a label says no more than a name or path does: `Close date` of `close_date`, `Account: name` of
/// `account.name`.
pub(crate) fn is_plain(label: &str, name: &str) -> bool {
    let mut plain = name.replace('.', ": ").replace('_', " ");
    if let Some(first) = plain.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    plain == label
}
