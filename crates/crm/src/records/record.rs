use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{
    ids::RecordId,
    metadata::{Field, Name, Object, system_fields},
    reference::RecordReference,
    value::{self, Value, Values},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value as Json;

/// What a record's JSON calls the records that are similar to it.
pub(crate) const SIMILAR: &str = "similar";

/// A record as its caller may see it.
#[derive(Debug, Clone)]
pub struct Record {
    pub object: Arc<Object>,
    pub id: RecordId,
    /// Counts the writes of the record.
    pub version: i64,
    /// The record's name; the object's label where it has none or the caller may not read it.
    pub label: String,
    /// The fields that were asked for and may be read.
    pub values: Values,
    /// The records that relation fields point to, by field.
    pub related: BTreeMap<Name, RelatedRecord>,
    pub is_deleted: bool,
    /// Of a record that has just been made, those that may stand for the same person or business.
    pub similar: Vec<RecordReference>,
}

/// The record a relation points to, as far as the caller may read it.
#[derive(Debug, Clone)]
pub struct RelatedRecord {
    pub object: Arc<Object>,
    pub id: RecordId,
    /// Absent where the caller may not read the record.
    pub label: Option<String>,
    /// Filled for relations that were to be included.
    pub values: Values,
}

impl Record {
    /// The record as it is stored, with all that `values` holds.
    pub(crate) fn new(object: &Arc<Object>, id: RecordId, values: Values) -> Self {
        let version = match values.get(system_fields::VERSION) {
            Some(Value::Number(version)) => *version,
            _ => 0,
        };
        Self {
            object: object.clone(),
            id,
            version,
            label: label(object, &values),
            is_deleted: values.get(system_fields::DELETED_AT).is_some_and(|value| !value.is_null()),
            values,
            related: BTreeMap::new(),
            similar: Vec::new(),
        }
    }

    /// The record as the API shows it: `id`, `label` and `version`, then the fields in the object's order.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The fields that have a value, in the object's order, each with what the API shows of it.
    pub(crate) fn filled_fields(&self) -> impl Iterator<Item = (&Field, Json)> {
        let filled = self.values.of(&self.object).filter(|(_, value)| !value.is_null());
        filled
            .map(|(field, value)| (field, serde_json::to_value(self.shown(field, value)).unwrap_or_default()))
    }

    fn shown<'r>(&'r self, field: &'r Field, value: &'r Value) -> Shown<'r> {
        match value {
            Value::Relation(id) => match self.related.get(&field.name) {
                Some(related) => Shown::Related(related),
                None => Shown::Bare { id: *id },
            },
            value => Shown::Value(value.shown(&field.kind)),
        }
    }
}

/// A field as a record shows it.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'r> {
    Related(&'r RelatedRecord),
    /// A related record of which nothing is shown but where it is.
    Bare {
        id: RecordId,
    },
    Value(value::Shown<'r>),
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("label", &self.label)?;
        map.serialize_entry("version", &self.version)?;
        for (field, value) in self.values.of(&self.object) {
            match field.name.as_str() {
                system_fields::ID | system_fields::VERSION => {}
                name => map.serialize_entry(name, &self.shown(field, value))?,
            }
        }
        if !self.similar.is_empty() {
            map.serialize_entry(SIMILAR, &self.similar)?;
        }
        map.end()
    }
}

/// Written by hand: the fields are the workspace's own.
impl schemars::JsonSchema for Record {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Record".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "A record with its fields, which `GET /api/objects` tells.",
            "required": ["id", "label", "version"],
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "label": { "type": "string", "description": "The name that people read." },
                "version": { "type": "integer", "minimum": 1, "description": "Goes up with every change." },
            },
            "additionalProperties": true,
        })
    }
}

/// `{"id", "label"}` and the included fields.
impl Serialize for RelatedRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        if let Some(label) = &self.label {
            map.serialize_entry("label", label)?;
        }
        for (field, value) in self.values.of(&self.object) {
            match value {
                _ if field.name == *system_fields::ID => {}
                Value::Relation(id) => map.serialize_entry(&field.name, &Shown::Bare { id: *id })?,
                value => map.serialize_entry(&field.name, &value.shown(&field.kind))?,
            }
        }
        map.end()
    }
}

/// The name of a record with these values.
pub(crate) fn label(object: &Object, values: &Values) -> String {
    let label = object
        .field(&object.label_field)
        .and_then(|field| Some(values.get(&field.name)?.display(&field.kind)))
        .unwrap_or_default();
    if label.is_empty() { object.label.clone() } else { label }
}
