//! Values as they are compared.

use kontor_core::{metadata::Field, value::Value};
use serde_json::{Map, Value as Json, json};

/// A value as it is compared: as the API shows it, but for what is a copy of something else.
pub(super) fn of(field: &Field, value: Option<&Value>) -> Json {
    match value {
        None | Some(Value::Null) => Json::Null,
        // The name is a copy of the record's.
        Some(Value::Target(target)) => json!({ "object": target.object, "id": target.id }),
        Some(value) => value.to_json(&field.kind),
    }
}

/// The parts of a composite value but those named.
pub(super) fn without(json: &Json, parts: &[&str]) -> Json {
    match json {
        Json::Object(members) => {
            let rest = members.iter().filter(|(name, _)| !parts.contains(&name.as_str()));
            Json::Object(rest.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
        }
        // Only composite values have parts: of an empty one, each is empty.
        _ => Json::Null,
    }
}
