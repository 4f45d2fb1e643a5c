//! Records as a table.

use kontor_core::metadata::{Field, FieldKind, Object};
use serde_json::{Map, Value as Json};

use super::{Place, Shown, Viewer};
use crate::link;

pub(crate) struct Head {
    pub name: String,
    pub label: String,
    pub is_number: bool,
}

impl Head {
    pub(crate) fn of(field: &Field) -> Self {
        Self {
            name: field.name.to_string(),
            label: field.label.clone(),
            is_number: matches!(field.kind, FieldKind::Number { .. } | FieldKind::Currency),
        }
    }
}

pub(crate) struct Table {
    pub heads: Vec<Head>,
    pub rows: Vec<Vec<Shown>>,
}

impl Table {
    /// These fields of records in their JSON form, after each record's name as link.
    pub(crate) fn of_records<'a>(
        viewer: &Viewer,
        object: &Object,
        fields: &[&Field],
        records: impl IntoIterator<Item = &'a Map<String, Json>>,
    ) -> Self {
        let label_field = object.field(&object.label_field);
        let label = label_field.map_or_else(|| object.label.clone(), |field| field.label.clone());
        let first = Head { name: object.label_field.to_string(), label, is_number: false };
        let heads = std::iter::once(first).chain(fields.iter().map(|field| Head::of(field))).collect();
        let rows = records
            .into_iter()
            .map(|record| {
                let cells = fields.iter().map(|field| {
                    record
                        .get(field.name.as_str())
                        .map_or(Shown::Empty, |json| viewer.value(field, json, Place::Cell))
                });
                std::iter::once(record_link(object, record)).chain(cells).collect()
            })
            .collect();
        Self { heads, rows }
    }
}

/// A record's name as a link to its page.
pub(crate) fn record_link(object: &Object, record: &Map<String, Json>) -> Shown {
    let text = |key: &str| record.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let label = text("label").unwrap_or("Untitled").to_owned();
    match text("id").and_then(|id| link::record(&object.plural, id)) {
        Some(href) => Shown::Link { href, label },
        None => Shown::Text(label),
    }
}
