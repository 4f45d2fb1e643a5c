//! Records as a table.

use kontor_core::{
    filter::PartType,
    metadata::{Field, Object},
};
use kontor_crm::records::Record;

use super::{Place, Shown, Viewer};

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
            is_number: matches!(field.kind.whole_type(), PartType::Number(_)),
        }
    }
}

pub(crate) struct Table {
    pub heads: Vec<Head>,
    pub rows: Vec<Vec<Shown>>,
}

impl Table {
    /// These fields of records, after each record's name as link.
    pub(crate) fn of_records(
        viewer: &Viewer,
        object: &Object,
        fields: &[&Field],
        records: &[Record],
    ) -> Self {
        let rows = records.iter().map(|record| {
            let cells = fields.iter().map(|field| viewer.of_record(record, field, Place::Cell));
            std::iter::once(named(record)).chain(cells).collect()
        });
        Self { heads: heads(object, fields), rows: rows.collect() }
    }
}

/// The heads of a table of records: their name, and these fields.
pub(super) fn heads(object: &Object, fields: &[&Field]) -> Vec<Head> {
    let label_field = object.field(&object.label_field);
    let label = label_field.map_or_else(|| object.label.clone(), |field| field.label.clone());
    let first = Head { name: object.label_field.to_string(), label, is_number: false };
    std::iter::once(first).chain(fields.iter().map(|field| Head::of(field))).collect()
}

/// A record's name as a link to its page.
fn named(record: &Record) -> Shown {
    let label = if record.label.is_empty() { "Untitled" } else { &record.label };
    Shown::Link { href: format!("/records/{}/{}", record.object.plural, record.id), label: label.to_owned() }
}
