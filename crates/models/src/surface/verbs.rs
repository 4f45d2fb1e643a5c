//! The tools that take an object.

use kontor_core::operation::Definition;
use serde_json::{Map, Value as Json, json};

use super::{DESCRIBE, READ_MORE, Surface, portable};
use crate::chat::ToolDefinition;

/// Objects that are listed with every tool; more are known from the prompt alone.
const LISTED: usize = 12;

/// Every operator of conditions.
const OPERATORS: [&str; 11] =
    ["eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "starts_with", "is_empty"];

/// What can be done to the records of every object.
pub(super) const VERBS: [Verb; 9] = [
    Verb {
        name: "find",
        description: "Find records of an object, up to 60 at a time; \"next\" in the answer tells where to go on.",
        parameters: find,
        required: &[],
    },
    Verb {
        name: "get",
        description: "Show a record with all its fields.",
        parameters: one,
        required: &["id"],
    },
    Verb {
        name: "group",
        description: "Count and total records, by groups or all together; money by currency.",
        parameters: group,
        required: &[],
    },
    Verb {
        name: "timeline",
        description: "Show what happened to a record, the latest first.",
        parameters: timeline,
        required: &["id"],
    },
    Verb { name: "create", description: "Create a record.", parameters: create, required: &["values"] },
    Verb {
        name: "update",
        description: "Change fields of a record; the others stay as they are.",
        parameters: update,
        required: &["id", "values"],
    },
    Verb {
        name: "upsert",
        description: "Create a record or, where one has the same value of a unique field, change that one; several are told.",
        parameters: create,
        required: &["values"],
    },
    Verb {
        name: "delete",
        description: "Delete a record, which can be restored.",
        parameters: one,
        required: &["id"],
    },
    Verb { name: "restore", description: "Restore a deleted record.", parameters: one, required: &["id"] },
];

/// A tool that takes an object.
pub(super) struct Verb {
    pub(super) name: &'static str,
    description: &'static str,
    /// The properties beside `object`.
    parameters: fn() -> Vec<(&'static str, Json)>,
    required: &'static [&'static str],
}

/// The verb of an operation on records, with its object.
pub(super) fn verb_of(operation: &str) -> Option<(&str, &'static Verb)> {
    let (object, verb) = operation.split_once('.')?;
    Some((object, VERBS.iter().find(|known| known.name == verb)?))
}

impl Surface {
    /// The verbs that any object has, what is no verb of records under its own name, `describe` and `read_more`.
    pub(super) fn verbs(&self) -> Vec<ToolDefinition> {
        let mut tools = Vec::new();
        for verb in &VERBS {
            let objects: Vec<&str> = self
                .operations
                .keys()
                .filter_map(|name| verb_of(name))
                .filter(|(_, known)| known.name == verb.name)
                .map(|(object, _)| object)
                .collect();
            if !objects.is_empty() {
                tools.push(tool(verb, &objects));
            }
        }
        let others = self.operations.values().filter(|definition| verb_of(&definition.name).is_none());
        tools.extend(
            others.map(|definition| ToolDefinition { name: name(definition), ..portable::tool(definition) }),
        );
        tools.extend([describe(), read_more()]);
        tools
    }
}

/// What a model calls an operation that is no verb of records: `log_activity` for `activity.log`.
pub(super) fn name(definition: &Definition) -> String {
    match definition.name.split_once('.') {
        Some((object, verb)) => format!("{verb}_{object}"),
        None => definition.name.clone(),
    }
}

fn tool(verb: &Verb, objects: &[&str]) -> ToolDefinition {
    let mut object = json!({"type": "string"});
    if objects.len() <= LISTED {
        object["enum"] = json!(objects);
    }
    let mut properties = Map::new();
    properties.insert("object".to_owned(), object);
    properties.extend((verb.parameters)().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    let required: Vec<_> = std::iter::once("object").chain(verb.required.iter().copied()).collect();
    ToolDefinition {
        name: verb.name.to_owned(),
        description: verb.description.to_owned(),
        parameters: std::sync::Arc::new(json!({
            "type": "object", "properties": properties, "required": required,
        })),
    }
}

fn describe() -> ToolDefinition {
    let parameters = json!({
        "type": "object",
        "properties": {
            "object": {"type": "string"},
            "operation": {"type": "string", "description": "Such as deal.update, for all its arguments."},
        },
    });
    ToolDefinition {
        name: DESCRIBE.to_owned(),
        description:
            "Tell all fields of an object with their kinds and options, or all that an operation takes."
                .to_owned(),
        parameters: std::sync::Arc::new(parameters),
    }
}

/// Reads on in a result that was too long.
pub(super) fn read_more() -> ToolDefinition {
    let parameters = json!({
        "type": "object",
        "properties": {"handle": text("\"read_more\" of the result.")},
        "required": ["handle"],
    });
    ToolDefinition {
        name: READ_MORE.to_owned(),
        description: "Read on in a result of which only a part was shown.".to_owned(),
        parameters: std::sync::Arc::new(parameters),
    }
}

fn find() -> Vec<(&'static str, Json)> {
    vec![
        ("where", conditions()),
        ("any", json!({"type": "boolean", "description": "One condition suffices."})),
        ("search", text("Words, each of which begins a word of the record.")),
        ("sort", text("Fields with commas; a minus before one is descending.")),
        ("fields", json!({"type": "array", "items": {"type": "string"}, "description": "What to show."})),
        ("limit", json!({"type": "integer"})),
        ("after", text("\"next\" of the page before.")),
        ("total", json!({"type": "boolean", "description": "Also count all that match."})),
        ("deleted", json!({"type": "boolean", "description": "Find deleted ones instead."})),
    ]
}

fn group() -> Vec<(&'static str, Json)> {
    vec![
        (
            "by",
            json!({
                "type": "array",
                "items": {"type": "string"},
                "description": "Fields, also of a related record (account.name); of a date with its span: close_date:month (day, week, month, quarter, year).",
            }),
        ),
        (
            "aggregates",
            json!({
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "function": {"type": "string", "enum": ["count", "sum", "avg", "min", "max"]},
                        "field": {"type": "string"},
                    },
                    "required": ["function"],
                },
                "description": "Figures beside the count of records.",
            }),
        ),
        ("where", conditions()),
        ("any", json!({"type": "boolean"})),
        ("limit", json!({"type": "integer"})),
    ]
}

fn one() -> Vec<(&'static str, Json)> {
    vec![("id", json!({"type": "string"}))]
}

fn timeline() -> Vec<(&'static str, Json)> {
    [one(), vec![("limit", json!({"type": "integer"})), ("after", json!({"type": "string"}))]].concat()
}

fn create() -> Vec<(&'static str, Json)> {
    vec![("values", values())]
}

fn update() -> Vec<(&'static str, Json)> {
    [one(), vec![("values", values())]].concat()
}

/// Conditions: lists of pairs are what every provider's dialect can say of names that differ from object to object.
pub(super) fn conditions() -> Json {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "field": {"type": "string"},
                "operator": {"type": "string", "enum": OPERATORS},
                "value": {"type": "string"},
            },
            "required": ["field", "operator", "value"],
        },
        "description": "Conditions on fields, also created_at, updated_at, created_by and those of a related record (account.name). in and not_in take several values with commas, or a JSON list; is_empty true or false; dates also today or \"this month\"; $me is the member.",
    })
}

fn values() -> Json {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"field": {"type": "string"}, "value": {"type": "string"}},
            "required": ["field", "value"],
        },
        "description": "As text: 12500 EUR, 2026-03-01T09:30, true, an option, the id of a record, \"contact <id>\" for a target; parts as address.city; nothing empties a field.",
    })
}

fn text(description: &str) -> Json {
    json!({"type": "string", "description": description})
}
