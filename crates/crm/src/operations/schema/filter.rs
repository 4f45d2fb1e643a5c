//! The schema of a filter: every path of the object, and one hop over its relations to what identifies and
//! classifies the related record.

use std::collections::BTreeMap;

use kontor_core::{
    filter::{FieldPath, PartType, filterable_paths},
    metadata::{Field, FieldKind, Object},
};
use serde_json::{Map, Value as Json, json};

use super::{View, property::one_of};

/// A filter's schema, and the definitions it refers to. It stands at `#/properties/filter`.
pub(in super::super) fn filter(view: View<'_>) -> (Json, Json) {
    let mut definitions = BTreeMap::new();
    let mut properties = Map::new();
    let nested = json!({"type": "array", "items": {"$ref": "#/properties/filter"}});
    properties.insert("and".to_owned(), nested.clone());
    properties.insert("or".to_owned(), nested);
    properties.insert("not".to_owned(), json!({"$ref": "#/properties/filter"}));
    let shown: Vec<_> = view.readable().map(|field| &field.name).collect();
    for (text, path) in filterable_paths(view.object, view.grants) {
        if shown.contains(&&path.field)
            && let Some(field) = view.object.field(&path.field).filter(|field| !is_inner(field, &path))
        {
            let title = title(field, &path);
            let mut condition = condition(field, &path, &title, &mut definitions);
            if path.ty == PartType::Option {
                condition["description"] = json!(one_of(field.kind.options()));
            }
            properties.insert(text, condition);
        }
    }
    for (text, relation, field, path) in related(view) {
        let title = format!("{}: {}", relation.label, field.label.to_lowercase());
        properties.insert(text, condition(field, &path, &title, &mut definitions));
    }
    let filter = json!({
        "type": "object",
        "title": "Filter",
        "description": "Conditions that must all hold, each {\"field\": {\"operator\": value}}; combined \
                        otherwise with and, or, not.",
        "properties": properties,
        "additionalProperties": false,
    });
    (filter, json!(definitions))
}

/// What only programs ask for: an actor's ids, which the name and the kind stand for.
fn is_inner(field: &Field, path: &FieldPath) -> bool {
    field.kind == FieldKind::Actor && matches!(path.part, "id" | "member")
}

/// The label and the selects of each record one relation away.
fn related(view: View<'_>) -> Vec<(String, &Field, &Field, FieldPath)> {
    let mut paths = Vec::new();
    for relation in view.readable() {
        let FieldKind::Relation { object } = &relation.kind else { continue };
        let Some(target) = view.schema.object(object).filter(|_| view.sees(object)) else { continue };
        for (text, path) in filterable_paths(target, view.grants) {
            if let Some(field) = target.field(&path.field).filter(|field| identifies(target, field, &text)) {
                paths.push((format!("{}.{text}", relation.name), relation, field, path));
            }
        }
    }
    paths
}

fn identifies(object: &Object, field: &Field, path: &str) -> bool {
    path == field.name.as_str() && (field.name == object.label_field || !field.kind.options().is_empty())
}

fn condition(
    field: &Field,
    path: &FieldPath,
    title: &str,
    definitions: &mut BTreeMap<&'static str, Json>,
) -> Json {
    if path.ty == PartType::Option {
        return select(field, title);
    }
    let (name, definition) = definition(path.ty);
    definitions.entry(name).or_insert(definition);
    json!({"$ref": format!("#/$defs/{name}"), "title": title})
}

fn title(field: &Field, path: &FieldPath) -> String {
    match field.kind.parts().first() {
        Some(first) if *first != path.part => format!("{}: {}", field.label, path.part.replace('_', " ")),
        _ => field.label.clone(),
    }
}

/// The options stand at `eq` alone: schemas are read by models, who pay for every word. The filter itself
/// refuses an unknown option wherever it stands.
fn select(field: &Field, title: &str) -> Json {
    let values: Vec<_> = field.kind.options().iter().map(|option| option.value.as_str()).collect();
    let mut schema = operators(&json!({"type": "string"}), &["eq", "neq"], true);
    schema["properties"]["eq"]["enum"] = json!(values);
    schema["title"] = json!(title);
    schema
}

fn definition(ty: PartType) -> (&'static str, Json) {
    const ORDER: [&str; 6] = ["eq", "neq", "gt", "gte", "lt", "lte"];
    let text = json!({"type": "string"});
    let (name, mut schema, description) = match ty {
        PartType::FoldedText | PartType::LowerText => (
            "text",
            operators(&text, &["eq", "neq", "contains", "starts_with"], true),
            "Compared without regard to case and accents.",
        ),
        PartType::ExactText | PartType::Option => {
            ("exact", operators(&text, &["eq", "neq"], true), "Compared exactly.")
        }
        PartType::Number(_) | PartType::Position => {
            ("number", operators(&json!({"type": "number"}), &ORDER, true), "")
        }
        PartType::Boolean => ("boolean", operators(&json!({"type": "boolean"}), &["eq"], false), ""),
        PartType::Date => (
            "date",
            operators(&json!({"type": "string", "format": "date"}), &ORDER, true),
            "Dates such as 2026-03-01.",
        ),
        PartType::DateTime => (
            "date_time",
            operators(&text, &ORDER, true),
            "Timestamps such as 2026-03-01T09:30:00Z, or dates.",
        ),
        PartType::Id => {
            ("id", operators(&text, &["eq", "neq"], true), "Ids; \"$me\" is the member you act for.")
        }
        PartType::Opaque => ("presence", operators(&Json::Null, &[], false), ""),
    };
    if !description.is_empty() {
        schema["description"] = json!(description);
    }
    (name, schema)
}

fn operators(operand: &Json, single: &[&str], lists: bool) -> Json {
    let mut properties: Map<_, _> = single.iter().map(|name| ((*name).to_owned(), operand.clone())).collect();
    if lists {
        for name in ["in", "not_in"] {
            properties.insert(name.to_owned(), json!({"type": "array", "items": operand}));
        }
    }
    properties.insert("is_empty".to_owned(), json!({"type": "boolean"}));
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}
