//! What a form is filled with.

use std::collections::BTreeMap;

use kontor_core::{
    metadata::{Field, Name},
    value::{Value, Values},
};
use kontor_crm::records::Record;

/// The values that a form shows before anything is written into it: a record's, or a new one's defaults.
#[derive(Default)]
pub(crate) struct Held {
    values: Values,
    /// The names of the records that relations point to, as far as they may be read.
    names: BTreeMap<Name, String>,
}

impl Held {
    pub(crate) fn of(record: &Record) -> Self {
        let named =
            record.related.iter().filter_map(|(field, related)| Some((field, related.label.as_ref()?)));
        let names = named.map(|(field, name)| (field.clone(), name.clone())).collect();
        Self { values: record.values.clone(), names }
    }

    /// Sets the value of a field; of a relation with the name of its record.
    pub(crate) fn set(&mut self, field: &Name, value: Value, name: Option<String>) {
        self.values.set(field.clone(), value);
        self.names.extend(name.map(|name| (field.clone(), name)));
    }

    pub(crate) fn value(&self, field: &Field) -> &Value {
        self.values.get(&field.name).unwrap_or(&Value::Null)
    }

    /// The name of the record that a relation or a target points to.
    pub(crate) fn name(&self, field: &Field) -> Option<&str> {
        match self.value(field) {
            Value::Target(target) => Some(target.name.as_str()),
            _ => self.names.get(&field.name).map(String::as_str),
        }
    }
}
