//! Operations whose arguments are the same for every caller: their JSON Schema is that of a Rust type.

use std::sync::Arc;

use kontor_core::error::{Issue, Problem};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// The JSON Schema of arguments of this type: whole, without references, since models follow none.
pub fn schema<A: JsonSchema>() -> Arc<Json> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<A>();
    schema.remove("title");
    Arc::new(schema.into())
}

/// Arguments in their own type. They fit the schema already, so what fails here is a schema that says less than the
/// type.
///
/// # Errors
/// Invalid, without a place.
pub fn arguments<A: DeserializeOwned>(json: &Json) -> Result<A, Problem> {
    A::deserialize(json)
        .map_err(|error| Problem::invalid(vec![Issue::new("", "invalid_argument", error.to_string())]))
}
