//! The columns of a list.

use kontor_core::{
    caller::Caller,
    filter::{FieldPath, Readable as _},
    metadata::{Field, Object, Schema, system_fields},
};
use kontor_crm::views::MAX_COLUMNS;

use crate::kinds;

/// The columns a list has beside the record's name where none are chosen.
const MAX_DEFAULT: usize = 6;
/// The most columns one may choose.
const MAX_CHOSEN: usize = MAX_COLUMNS;

/// A column that may be shown.
pub(crate) struct Column<'a> {
    pub field: &'a Field,
    pub is_shown: bool,
}

impl Column<'_> {
    /// Whether the caller can sort the list by it in a way that means something to a reader.
    pub(crate) fn is_sortable(field: &Field, schema: &Schema, caller: &Caller) -> bool {
        match field.kind.relation() {
            // By the names of its records.
            Some(object) => schema
                .object(object)
                .is_some_and(|target| caller.grants.can_read_field(&target.name, &target.label_field)),
            None => kinds::of(&field.kind).is_order && FieldPath::whole(field).is_sortable(),
        }
    }
}

/// The fields that can be a list's columns, with those that are: the chosen ones first, in the order of the choice.
pub(crate) fn candidates<'a>(object: &'a Object, caller: &Caller, chosen: &[String]) -> Vec<Column<'a>> {
    let readable = object.fields.iter().filter(|field| {
        caller.grants.can_read_field(&object.name, &field.name)
            && field.name != object.label_field
            && field.kind.is_legible()
            && !matches!(field.name.as_str(), system_fields::VERSION | system_fields::DELETED_AT)
    });
    let mut columns: Vec<_> = readable.map(|field| Column { field, is_shown: false }).collect();
    if chosen.is_empty() {
        columns.iter_mut().filter(|column| tells_much(column.field)).take(MAX_DEFAULT).for_each(|column| {
            column.is_shown = true;
        });
    } else {
        columns
            .iter_mut()
            .filter(|column| chosen.iter().any(|name| column.field.name == *name.as_str()))
            .take(MAX_CHOSEN)
            .for_each(|column| column.is_shown = true);
        let place = |column: &Column<'_>| chosen.iter().position(|name| column.field.name == *name.as_str());
        columns.sort_by_key(|column| place(column).unwrap_or(usize::MAX));
    }
    columns
}

/// The columns that are shown.
pub(crate) fn chosen<'a>(columns: &[Column<'a>]) -> Vec<&'a Field> {
    columns.iter().filter(|column| column.is_shown).map(|column| column.field).collect()
}

/// The names to read of a record so that these fields and its own name can be shown.
pub(crate) fn fields_to_read(object: &Object, caller: &Caller, fields: &[&Field]) -> Vec<String> {
    let label =
        caller.grants.can_read_field(&object.name, &object.label_field).then_some(&object.label_field);
    label.into_iter().chain(fields.iter().map(|field| &field.name)).map(ToString::to_string).collect()
}

fn tells_much(field: &Field) -> bool {
    field.is_shown_by_default() || kinds::of(&field.kind).is_short_text && !field.is_system
}

/// Whether a record's page lists the field among its details: what stands elsewhere on the page does not.
pub(crate) fn field_shown_on_page(object: &Object, field: &Field) -> bool {
    let elsewhere = field.name == object.label_field
        || !kinds::of(&field.kind).is_detail
        || matches!(field.name.as_str(), system_fields::VERSION | system_fields::DELETED_AT);
    !elsewhere && !is_part_of_target(object, field)
}

/// Whether a relation is one of those that a target of the same record stands for.
pub(crate) fn is_part_of_target(object: &Object, field: &Field) -> bool {
    let Some(related) = field.kind.relation().filter(|related| **related == field.name) else { return false };
    object.fields.iter().any(|other| other.kind.targets().is_some_and(|objects| objects.contains(related)))
}
