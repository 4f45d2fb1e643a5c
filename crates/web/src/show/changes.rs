//! What a change has done to a record's fields.

use kontor_core::metadata::Object;
use serde_json::{Map, Value as Json};

use super::{Place, Shown, Viewer, json::untyped};

pub(crate) struct ChangeView {
    pub label: String,
    pub before: Shown,
    pub after: Shown,
}

impl ChangeView {
    /// Whether there was a value before that the change replaced.
    pub(crate) fn replaces(&self) -> bool {
        self.before != Shown::Empty
    }
}

/// Changes in their JSON form, `{field: {before, after}}`, in the order of the object's fields.
pub(crate) fn changes(viewer: &Viewer, object: &Object, changes: &Map<String, Json>) -> Vec<ChangeView> {
    let known = object.fields.iter().filter_map(|field| {
        let change = changes.get(field.name.as_str())?;
        let side =
            |key: &str| change.get(key).map_or(Shown::Empty, |json| viewer.json(field, json, Place::Cell));
        Some(ChangeView { label: field.label.clone(), before: side("before"), after: side("after") })
    });
    // A field that is gone from the object keeps its name in the history.
    let removed = changes.iter().filter(|(name, _)| object.field(name).is_none()).map(|(name, change)| {
        let side = |key: &str| change.get(key).map_or(Shown::Empty, |json| untyped(json, Place::Cell));
        ChangeView { label: name.clone(), before: side("before"), after: side("after") }
    });
    known.chain(removed).collect()
}
