//! What is missing in a body and what does not belong there, all of it at once: serde stops at the first.

use kontor_core::{
    error::{Issue, join_path},
    text,
};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where schemas stand that others refer to.
const DEFINITIONS: &str = "#/$defs/";

/// The fields that a value lacks to be a `T`, and those that a `T` has not.
pub(super) fn issues<T: JsonSchema>(value: &Value) -> Vec<Issue> {
    let schema = SchemaGenerator::default().into_root_schema_for::<T>();
    let root = schema.as_value();
    let definitions = root.get("$defs").and_then(Value::as_object);
    let mut walk = Walk { definitions, issues: Vec::new() };
    walk.look(root, value, "");
    walk.issues
}

struct Walk<'s> {
    definitions: Option<&'s Map<String, Value>>,
    issues: Vec<Issue>,
}

impl<'s> Walk<'s> {
    /// As deep as the value goes. What may have several forms is left to serde, which knows which one is meant.
    fn look(&mut self, schema: &'s Value, value: &Value, path: &str) {
        let schema = self.resolved(schema);
        match value {
            Value::Object(fields) => self.look_into(schema, fields, path),
            Value::Array(items) => {
                let Some(of_items) = schema.get("items") else { return };
                for (index, item) in items.iter().enumerate() {
                    self.look(of_items, item, &format!("{path}[{index}]"));
                }
            }
            _ => {}
        }
    }

    fn look_into(&mut self, schema: &'s Value, fields: &Map<String, Value>, path: &str) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !fields.contains_key(*name)) {
            self.issues.push(missing(&join_path(path, name)));
        }
        let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        for (name, value) in fields {
            match properties.get(name) {
                Some(schema) => self.look(schema, value, &join_path(path, name)),
                None if is_closed => {
                    let known = properties.keys().map(String::as_str);
                    self.issues.push(unknown(path, name, known));
                }
                None => {}
            }
        }
    }

    /// The schema that is meant by one that refers to another, or that takes null beside it.
    fn resolved(&self, schema: &'s Value) -> &'s Value {
        let named = |reference: &Value| {
            let name = reference.as_str()?.strip_prefix(DEFINITIONS)?;
            self.definitions?.get(name)
        };
        let without_null = |forms: &'s Value| {
            let mut some = forms.as_array()?.iter().filter(|form| form.get("type") != Some(&"null".into()));
            some.next().filter(|_| some.next().is_none())
        };
        let found = schema.get("$ref").and_then(named);
        match found.or_else(|| schema.get("anyOf").and_then(without_null)) {
            Some(found) => self.resolved(found),
            None => schema,
        }
    }
}

/// A field that has to be there, by its own path.
pub(super) fn missing(path: &str) -> Issue {
    Issue::new(path, "required", "it is required")
}

fn unknown<'n>(path: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Issue {
    let known: Vec<&str> = known.collect();
    let near = text::suggestion(name, known.iter().copied());
    let near = if near.is_empty() { format!(" These are known: {}.", known.join(", ")) } else { near };
    let message = format!("there is no field {:?} here.{near}", text::excerpt(name, 60));
    Issue::new(join_path(path, name), "unknown_field", text::excerpt(&message, 400))
}
