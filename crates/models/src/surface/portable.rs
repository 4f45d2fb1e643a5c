//! Schemas in the dialect that every provider takes as it is: types, descriptions, options, lists, properties and what
//! is required.
//!
//! Gemini refuses references, recursion, lists of types and objects without properties; Ollama hands on nothing else
//! to a model's template; Mistral and the grammars of llama.cpp stumble over formats and patterns. What a schema loses
//! here is checked all the same, by the operation.

use std::sync::Arc;

use kontor_core::operation::Definition;
use serde_json::{Map, Value as Json, json};

use super::verbs;
use crate::chat::ToolDefinition;

/// Levels of a schema that are shown.
const DEEPEST: usize = 6;

/// An operation as a tool of its own.
pub(super) fn tool(definition: &Definition) -> ToolDefinition {
    ToolDefinition {
        name: definition.name.clone(),
        description: definition.description.clone(),
        parameters: Arc::new(parameters(&definition.parameters)),
    }
}

fn parameters(schema: &Json) -> Json {
    let mut shown = Map::new();
    shown.insert("type".to_owned(), json!("object"));
    let mut properties = properties(schema, schema, 0);
    if properties.remove("filter").is_some() {
        properties.insert("where".to_owned(), verbs::conditions());
    }
    shown.insert("properties".to_owned(), properties.into());
    shown.extend(required(schema));
    shown.into()
}

fn properties(schema: &Json, root: &Json, depth: usize) -> Map<String, Json> {
    let properties = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
    properties
        .filter(|(name, _)| is_name(name))
        .map(|(name, schema)| (name.clone(), portable(schema, root, depth + 1)))
        .collect()
}

fn portable(schema: &Json, root: &Json, depth: usize) -> Json {
    let target =
        schema.get("$ref").and_then(Json::as_str).and_then(|path| root.pointer(path.strip_prefix('#')?));
    let alternative =
        ["anyOf", "oneOf"].into_iter().find_map(|keyword| schema.get(keyword)?.as_array()?.first());
    if let Some(other) = target.or(alternative).filter(|_| depth < DEEPEST) {
        let mut shown = portable(other, root, depth + 1);
        if let Some(description) = described(schema) {
            shown["description"] = description.into();
        }
        return shown;
    }
    let mut shown = Map::new();
    let ty = type_of(schema);
    let inner = if depth < DEEPEST { properties(schema, root, depth) } else { Map::new() };
    let is_open = ty == "object" && inner.is_empty();
    shown.insert("type".to_owned(), json!(if is_open { "string" } else { ty }));
    let description = match (described(schema), is_open) {
        (Some(description), false) => Some(description),
        (Some(description), true) => Some(format!("{description} As JSON.")),
        (None, is_open) => is_open.then(|| "As JSON.".to_owned()),
    };
    shown.extend(description.map(|description| ("description".to_owned(), description.into())));
    let options: Vec<_> = schema
        .get("enum")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter(|option| option.is_string())
        .collect();
    if !options.is_empty() {
        shown.insert("enum".to_owned(), json!(options));
    }
    if !inner.is_empty() {
        shown.insert("properties".to_owned(), inner.into());
        shown.extend(required(schema));
    }
    if ty == "array" {
        let items = schema.get("items").filter(|_| depth < DEEPEST);
        shown.insert(
            "items".to_owned(),
            items.map_or_else(|| json!({"type": "string"}), |items| portable(items, root, depth + 1)),
        );
    }
    shown.into()
}

/// The type, without the null that may stand in its place.
fn type_of(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(ty)) => ty,
        Some(Json::Array(types)) => {
            types.iter().filter_map(Json::as_str).find(|ty| *ty != "null").unwrap_or("string")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn described(schema: &Json) -> Option<String> {
    let text = |keyword: &str| schema.get(keyword).and_then(Json::as_str).filter(|text| !text.is_empty());
    match (text("title"), text("description")) {
        (Some(title), Some(description)) => Some(format!("{title}: {description}")),
        (title, description) => Some(title.or(description)?.to_owned()),
    }
}

fn required(schema: &Json) -> Option<(String, Json)> {
    let required = schema.get("required").and_then(Json::as_array)?;
    let required: Vec<_> = required.iter().filter(|name| name.as_str().is_some_and(is_name)).collect();
    (!required.is_empty()).then(|| ("required".to_owned(), json!(required)))
}

/// Whether every provider takes it as the name of a property.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}
