//! The schema of a filter: every path of the object, and one hop over its relations to what identifies and
//! classifies the related record.

use std::collections::BTreeMap;

use kontor_core::{
    filter::{FieldPath, PartType, filterable_paths},
    metadata::{Field, Object},
};
use serde_json::{Map, Value as Json, json};

use super::View;
use crate::kinds::{
    self,
    argument::{is_plain, one_of, record_of},
};

/// A filter's schema, and the definitions it refers to. It stands at `#/properties/filter`.
///
/// It names the fields and says in words what each takes, and of related records the paths that are asked for most.
/// The filter itself takes every path, and refuses a wrong one, its operator or its operand as pointedly as a schema
/// could.
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
            let mut condition = condition(&text, &path, &title, &mut definitions);
            if let Some(description) = described(field, &path) {
                condition["description"] = json!(description);
            }
            properties.insert(text, condition);
        }
    }
    for (text, relation, field, path) in related(view) {
        let title = format!("{}: {}", relation.label, field.label.to_lowercase());
        let mut condition = condition(&text, &path, &title, &mut definitions);
        let values: Vec<_> = field.kind.options().iter().map(|option| option.value.as_str()).collect();
        if !values.is_empty() {
            condition["description"] = json!(values.join(", "));
        }
        properties.insert(text, condition);
    }
    let filter = json!({
        "type": "object",
        "description": "Conditions that must all hold, each {\"field\": {\"operator\": value}} with an operator \
                        that its type lists; in and not_in take lists, is_empty true or false.",
        "properties": properties,
    });
    (filter, json!(definitions))
}

/// What a condition's name does not say: the options; whose id it is.
fn described(field: &Field, path: &FieldPath) -> Option<String> {
    let kind = &field.kind;
    if !kind.options().is_empty() {
        return Some(one_of(kind.options()));
    }
    match kind.relation() {
        Some(object) => (*object != field.name).then(|| record_of(object)),
        None => {
            let is_target = kind.targets().is_some() && path.ty == PartType::Id;
            is_target.then(|| "Id of a record of any kind.".to_owned())
        }
    }
}

/// What only programs ask for: an actor's ids, which the name and the kind stand for.
fn is_inner(field: &Field, path: &FieldPath) -> bool {
    kinds::of(&field.kind).inner_parts.contains(&path.part)
}

/// The label and the selects of each record one relation away.
fn related(view: View<'_>) -> Vec<(String, &Field, &Field, FieldPath)> {
    let mut paths = Vec::new();
    for relation in view.readable() {
        let Some(object) = relation.kind.relation() else { continue };
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
    text: &str,
    path: &FieldPath,
    title: &str,
    definitions: &mut BTreeMap<&'static str, Json>,
) -> Json {
    let (name, description) = definition(path.ty);
    definitions.entry(name).or_insert_with(|| json!({"type": "object", "description": description}));
    let mut condition = json!({"$ref": format!("#/$defs/{name}")});
    if !is_plain(title, text) {
        condition["title"] = json!(title);
    }
    condition
}

fn title(field: &Field, path: &FieldPath) -> String {
    match field.kind.parts().first() {
        Some(first) if *first != path.part => format!("{}: {}", field.label, path.part.replace('_', " ")),
        _ => field.label.clone(),
    }
}

/// The definition of what is compared alike, and the operators it takes.
fn definition(ty: PartType) -> (&'static str, &'static str) {
    match ty {
        PartType::FoldedText | PartType::LowerText | PartType::UpperText => {
            ("text", "eq, neq, in, not_in, contains, starts_with, is_empty. Case and accents do not matter.")
        }
        PartType::Phone => {
            ("phone", "eq, neq, in, not_in, contains, starts_with, is_empty. Only digits are compared.")
        }
        PartType::Option => ("option", "eq, neq, in, not_in, is_empty."),
        PartType::Number(_) | PartType::Position => {
            ("number", "eq, neq, in, not_in, gt, gte, lt, lte, is_empty.")
        }
        PartType::Boolean => ("boolean", "eq, neq, is_empty."),
        PartType::Date => (
            "date",
            "eq, neq, in, not_in, gt, gte, lt, lte, is_empty. Dates such as 2026-03-01, or (not in lists) \
             \"today\", \"this month\".",
        ),
        PartType::DateTime => (
            "date_time",
            "eq, neq, in, not_in, gt, gte, lt, lte, is_empty. The member's time such as 2026-03-01T09:30, or \
             as of dates.",
        ),
        PartType::Id => ("id", "eq, neq, in, not_in, is_empty. Ids; \"$me\" is the member you act for."),
        PartType::Opaque => ("presence", "is_empty."),
    }
}
