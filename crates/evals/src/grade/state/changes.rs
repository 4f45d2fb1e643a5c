//! What changed, record by record.

use std::sync::Arc;

use kontor_core::{
    metadata::{Field, Object, Schema},
    value::Values,
};

use super::{super::Records, canonical, is_compared};

/// What became of a record.
pub(super) struct Change<'r> {
    pub(super) object: &'r Arc<Object>,
    /// Absent for one that was made.
    pub(super) before: Option<&'r Values>,
    /// Absent for one that was deleted.
    pub(super) after: Option<&'r Values>,
}

impl<'r> Change<'r> {
    /// The fields that are not as they were.
    pub(super) fn fields(&self) -> impl Iterator<Item = &'r Field> {
        let value = |values: Option<&'r Values>, field: &Field| {
            canonical::of(field, values.and_then(|values| values.get(field.name.as_str())))
        };
        let (before, after) = (self.before, self.after);
        let compared = self.object.fields.iter().filter(|field| is_compared(field));
        compared.filter(move |field| value(before, field) != value(after, field))
    }
}

/// Every record that was made, changed or deleted, in the order of the objects and ids.
pub(super) fn between<'r>(schema: &'r Schema, before: &'r Records, after: &'r Records) -> Vec<Change<'r>> {
    let mut changes = Vec::new();
    for object in schema.objects() {
        let name = object.name.as_str();
        for (id, values) in before.all(name) {
            let change = Change { object, before: Some(values), after: after.get(name, id) };
            if change.after.is_none() || change.fields().next().is_some() {
                changes.push(change);
            }
        }
        for (id, values) in after.all(name) {
            if before.get(name, id).is_none() {
                changes.push(Change { object, before: None, after: Some(values) });
            }
        }
    }
    changes
}
