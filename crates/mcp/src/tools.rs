//! A tool as the protocol tells it.

use std::sync::Arc;

use kontor_core::operation::Effect;
use kontor_models::ToolDefinition;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Map, Value as Json, json};

/// The argument of every change under which it is made once.
pub(crate) const KEY: &str = "idempotency_key";

/// A tool of the surface, with all that clients want to know of it: they take what is left out for the worst.
pub(crate) fn tool(shown: &ToolDefinition, effect: Effect) -> Tool {
    // Dots are what providers of models refuse in the names of tools.
    let name = shown.name.replace('.', "_");
    let mut parameters = object(&shown.parameters);
    if effect != Effect::Read {
        take_key(&mut parameters);
    }
    let verb = shown.name.rsplit('.').next().unwrap_or(&shown.name);
    Tool::new(name, shown.description.clone(), parameters)
        .with_title(title(&shown.name))
        .with_annotations(hints(effect, verb))
        .with_raw_output_schema(Arc::new(output(verb, effect)))
}

fn object(schema: &Json) -> JsonObject {
    schema.as_object().cloned().unwrap_or_default()
}

fn take_key(parameters: &mut JsonObject) {
    let properties = parameters.entry("properties").or_insert_with(|| Map::new().into());
    if let Json::Object(properties) = properties {
        properties.insert(
            KEY.to_owned(),
            json!({
                "type": "string",
                "description": "Any text of your own, such as a UUID: under it the change is made once, however often it is sent.",
            }),
        );
    }
}

/// `deal.update` as `Deal: update`.
fn title(name: &str) -> String {
    let words = |text: &str| {
        let text = text.replace('_', " ");
        let mut letters = text.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    match name.split_once('.') {
        Some((object, verb)) => format!("{}: {}", words(object), verb.replace('_', " ")),
        None => words(name),
    }
}

/// What a tool does to the world. What only adds or changes records can be undone, and counts as not destructive.
pub(crate) fn hints(effect: Effect, verb: &str) -> ToolAnnotations {
    let is_settled = matches!(verb, "update" | "delete" | "restore" | "destroy" | "upsert");
    ToolAnnotations::new()
        .read_only(effect == Effect::Read)
        .destructive(matches!(effect, Effect::Destructive | Effect::External))
        .idempotent(effect == Effect::Read || is_settled)
        .open_world(effect == Effect::External)
}

/// What a tool answers. The root is an object whose properties are told and not closed, so that every client, of old and
/// new revisions, takes what a later version adds.
fn output(verb: &str, effect: Effect) -> JsonObject {
    let text = || json!({"type": "string"});
    let record =
        || json!({"type": "object", "properties": {"id": {"type": "string"}, "label": {"type": "string"}}});
    let mut properties = Map::new();
    let mut has = |name: &str, schema: Json| properties.insert(name.to_owned(), schema);
    match verb {
        "find" => {
            has("object", text());
            has("path", text());
            has("records", json!({"type": "array", "items": record()}));
            has("has_more", json!({"type": "boolean"}));
            has("next", text());
            has("total", json!({"type": "integer"}));
            has("truncated", text());
        }
        "get" | "create" | "update" | "delete" | "restore" => {
            has("object", text());
            has("path", text());
            has("record", record());
            has("truncated", text());
        }
        "upsert" => {
            has(
                "outcome",
                json!({"type": "string", "enum": ["created", "updated", "unchanged", "ambiguous"]}),
            );
            has("object", text());
            has("path", text());
            has("record", record());
            has("candidates", json!({"type": "array", "items": record()}));
        }
        "batch" => {
            has("results", json!({"type": "array", "items": {"type": "object"}}));
        }
        "figures" => {
            has("figures", json!({"type": "array", "items": {"type": "object"}}));
            has("rows", json!({"type": "array", "items": {"type": "object"}}));
        }
        _ => {}
    }
    if effect != Effect::Read {
        properties.insert("approval".to_owned(), approval());
    }
    object(&json!({"type": "object", "properties": properties}))
}

/// A call that waits for a person's word.
pub(crate) fn approval() -> Json {
    json!({
        "type": "object",
        "description": "The call waits for a person, or was refused by them; nothing was done.",
        "properties": {
            "id": {"type": "string"},
            "status": {"type": "string", "enum": ["pending", "denied", "expired"]},
            "url": {"type": "string"},
            "expires_at": {"type": "string"},
            "comment": {"type": "string"},
        },
    })
}
