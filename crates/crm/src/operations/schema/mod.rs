//! The JSON Schemas of arguments, derived from metadata as far as a caller's grants reach: what the caller
//! may not read or write is not in them.

mod filter;

use kontor_core::{
    grants::Grants,
    metadata::{Field, Object, Schema},
};
use serde_json::{Map, Value as Json, json};

pub(super) use self::filter::filter;
use crate::{
    kinds::argument::{argument, is_plain},
    records,
};

/// An object as one caller sees it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub schema: &'a Schema,
    pub grants: &'a Grants,
    pub object: &'a Object,
}

impl<'a> View<'a> {
    /// The fields the caller is shown.
    pub(super) fn readable(self) -> impl Iterator<Item = &'a Field> {
        self.grants.shown_fields(self.object)
    }

    /// The fields the caller may give a value.
    pub(super) fn writable(self) -> impl Iterator<Item = &'a Field> {
        self.grants.writable_fields(self.schema, self.object)
    }

    /// Whether a record can be made at all with the fields the caller may write.
    pub(super) fn can_fill_required(self) -> bool {
        let mut required =
            self.object.fields.iter().filter(|field| field.is_required && field.default.is_none());
        required.all(|field| self.writable().any(|writable| writable.name == field.name))
    }

    /// Whether the caller may read records of an object.
    pub(super) fn sees(self, object: &str) -> bool {
        self.grants.sees(self.schema, object)
    }

    /// The properties of the fields a caller may write.
    pub(super) fn writable_properties(self) -> Map<String, Json> {
        self.writable().map(|field| (field.name.to_string(), property(self, field))).collect()
    }

    /// One field's property.
    pub(super) fn property(self, field: &Field) -> Json {
        property(self, field)
    }

    /// `a deal`, `an account`.
    pub(super) fn one(self) -> String {
        let label = self.object.label.to_lowercase();
        let article = if label.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {label}")
    }

    /// `deals`.
    pub(super) fn many(self) -> String {
        self.object.label_plural.to_lowercase()
    }
}

/// A field's value as a caller gives it; one that is not required may be emptied with null.
fn property(view: View<'_>, field: &Field) -> Json {
    let (mut schema, hint) = argument(&field.kind, |object| view.sees(object));
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

fn allow_null(schema: &mut Map<String, Json>) {
    if let Some(name) = schema.get("type").cloned() {
        schema.insert("type".to_owned(), json!([name, "null"]));
    }
    if let Some(Json::Array(options)) = schema.get_mut("enum") {
        options.push(Json::Null);
    }
}

/// An object schema that takes these properties and no others.
pub(super) fn object(properties: Map<String, Json>, required: &[&str]) -> Json {
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The properties of a schema, in this order.
pub(super) fn properties<const N: usize>(entries: [(&str, Json); N]) -> Map<String, Json> {
    entries.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// The id of a record of the operation's object, which the operation's description names.
pub(super) fn record_id() -> Json {
    json!({"type": "string", "format": "uuid"})
}

/// How many to answer at most.
pub(super) fn limit(most: u32, default: u32) -> Json {
    json!({"type": "integer", "minimum": 1, "maximum": most, "default": default})
}

/// Where the page before ended.
pub(super) fn after() -> Json {
    json!({
        "type": "string",
        "maxLength": records::MAX_CURSOR,
        "description": "\"next\" of the page before, to go on there.",
    })
}

/// Words to find records by.
pub(super) fn words() -> Json {
    json!({
        "type": "string",
        "maxLength": 200,
        "description": "Words, each of which must begin a word of the record.",
    })
}
