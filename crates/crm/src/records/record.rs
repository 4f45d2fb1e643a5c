use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{
    ids::RecordId,
    metadata::{Name, Object, system_fields},
    value::{Value, Values},
};
use serde_json::{Map, Value as Json, json};

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
        }
    }

    /// The record as the API shows it: `id`, `label` and `version`, then the fields in the object's order.
    pub fn to_json(&self) -> Json {
        let mut json = Map::new();
        json.insert("id".to_owned(), json!(self.id));
        json.insert("label".to_owned(), json!(self.label));
        json.insert("version".to_owned(), json!(self.version));
        for field in &self.object.fields {
            if let Some(value) = self.values.get(&field.name)
                && !matches!(field.name.as_str(), system_fields::ID | system_fields::VERSION)
            {
                let shown = match (value, self.related.get(&field.name)) {
                    (Value::Relation(_), Some(related)) => related.to_json(),
                    (Value::Relation(id), None) => json!({ "id": id }),
                    _ => value.to_json(&field.kind),
                };
                json.insert(field.name.to_string(), shown);
            }
        }
        Json::Object(json)
    }
}

impl RelatedRecord {
    /// `{"id", "label"}` and the included fields.
    pub fn to_json(&self) -> Json {
        let mut json = Map::new();
        json.insert("id".to_owned(), json!(self.id));
        if let Some(label) = &self.label {
            json.insert("label".to_owned(), json!(label));
        }
        for field in &self.object.fields {
            if let Some(value) = self.values.get(&field.name)
                && field.name != *system_fields::ID
            {
                let shown = match value {
                    Value::Relation(id) => json!({ "id": id }),
                    _ => value.to_json(&field.kind),
                };
                json.insert(field.name.to_string(), shown);
            }
        }
        Json::Object(json)
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
