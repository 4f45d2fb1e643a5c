//! Values that no two live records share.

use std::collections::HashSet;

use kontor_core::{
    error::join_path,
    filter::{FieldPath, Readable as _, Scalar},
    grants::Action,
    ids::RecordId,
    metadata::{Field, Object, system_fields},
    value::Value,
};
use sea_query::{Alias, ExprTrait, Query, SelectStatement};

use super::{
    access::predicate,
    input::NewValues,
    record::Record,
    rows::{BASE, col, operand},
};
use crate::{Error, Work};

/// The path whose column is unique: the part that stands for the whole field.
pub(crate) fn unique_path(field: &Field) -> FieldPath {
    FieldPath::of(field, field.kind.parts().first().copied().unwrap_or_default())
}

/// Finds the first of several records with new values whose unique value another has, or an earlier one of
/// them. Asked before writing, so that the answer can name the other; two who write at once are kept apart
/// by the index alone.
pub(crate) async fn check(
    work: &mut Work<'_, '_>,
    object: &Object,
    action: Action,
    records: &[&NewValues],
    itself: Option<RecordId>,
    path: &impl Fn(usize) -> String,
) -> Result<(), Error> {
    for field in object.fields.iter().filter(|field| field.is_unique) {
        let cells = match cells(field, records) {
            Ok(cells) => cells,
            Err(twin) => return Err(duplicate(work, object, action, field, &path(twin), None)),
        };
        let Some(mut statement) = sharing(work, object, field, &cells) else { continue };
        let column = unique_path(field).column(field);
        statement
            .expr(col(BASE, system_fields::ID))
            .expr(col(BASE, &column))
            .and_where_option(itself.map(|id| col(BASE, system_fields::ID).ne(id.as_uuid())))
            .limit(1);
        let Some(mut row) = work.tx.fetch_optional(&statement).await? else { continue };
        let ty = field.columns().into_iter().find(|known| known.name == column).map(|known| known.ty);
        let taken = match ty {
            Some(ty) => super::rows::decode(&mut row, 1, ty)?,
            None => None,
        };
        let index =
            cells.iter().find(|(_, cell)| taken.as_ref() == Some(cell)).map_or(0, |(index, _)| *index);
        let existing = visible(work, object, RecordId(row.get(0)?)).await?;
        return Err(duplicate(work, object, action, field, &path(index), existing));
    }
    Ok(())
}

/// Whether two of several records have the same unique value.
pub(crate) fn has_twins(object: &Object, records: &[&NewValues]) -> bool {
    object.fields.iter().any(|field| field.is_unique && cells(field, records).is_err())
}

/// What finds, for each unique field, the live records that have one of these records' values; with nothing
/// selected yet.
pub(crate) fn probes(work: &Work<'_, '_>, object: &Object, records: &[&NewValues]) -> Vec<SelectStatement> {
    let unique = object.fields.iter().filter(|field| field.is_unique);
    unique.filter_map(|field| sharing(work, object, field, &cells(field, records).ok()?)).collect()
}

/// The records' values of a unique field, each with its record's place; the place of one that an earlier one
/// has as well is an error.
fn cells(field: &Field, records: &[&NewValues]) -> Result<Vec<(usize, Scalar)>, usize> {
    let compared = unique_path(field);
    let mut seen = HashSet::new();
    let mut cells = Vec::new();
    for (index, values) in records.iter().enumerate() {
        let value = values.get(&field.name).unwrap_or(&Value::Null);
        let Some(cell) = compared.cell(field, value) else { continue };
        if !seen.insert(key(&cell)) {
            return Err(index);
        }
        cells.push((index, cell));
    }
    Ok(cells)
}

/// The live records that have one of these values.
fn sharing(
    work: &Work<'_, '_>,
    object: &Object,
    field: &Field,
    cells: &[(usize, Scalar)],
) -> Option<SelectStatement> {
    let column = unique_path(field).column(field);
    let operands: Vec<_> = cells.iter().map(|(_, cell)| operand(work.tx.dialect(), cell)).collect();
    let statement = Query::select()
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, &column).is_in(operands))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .take();
    (!cells.is_empty()).then_some(statement)
}

/// What a violated index means to the caller. The index does not tell which of several records violated it:
/// it is known where only one has a value of the field.
pub(crate) fn explain<'r>(
    work: &Work<'_, '_>,
    object: &Object,
    action: Action,
    records: impl IntoIterator<Item = &'r Record>,
    path: &impl Fn(usize) -> String,
    error: kontor_store::Error,
) -> Error {
    let kontor_store::Error::UniqueViolation { columns, .. } = &error else { return Error::Store(error) };
    let violated = object
        .fields
        .iter()
        .find(|field| field.is_unique && columns.contains(&unique_path(field).column(field)));
    let Some(field) = violated else { return Error::Store(error) };
    let has_value = |record: &Record| record.values.get(&field.name).is_some_and(|value| !value.is_null());
    let mut items = records.into_iter().enumerate().filter(|(_, record)| has_value(record));
    let item = match (items.next(), items.next()) {
        (Some((index, _)), None) => path(index),
        _ => String::new(),
    };
    duplicate(work, object, action, field, &item, None)
}

async fn visible(work: &mut Work<'_, '_>, object: &Object, id: RecordId) -> Result<Option<RecordId>, Error> {
    let Some(rules) = predicate(work, object, BASE, Action::Read) else {
        return Ok(Some(id));
    };
    let statement = Query::select()
        .expr(col(BASE, system_fields::ID))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id.as_uuid()))
        .and_where(rules)
        .take();
    Ok(work.tx.fetch_optional(&statement).await?.map(|_| id))
}

/// A field that the caller may not read cannot be named, so that the record is one which the caller cannot
/// write.
fn duplicate(
    work: &Work<'_, '_>,
    object: &Object,
    action: Action,
    field: &Field,
    item: &str,
    existing: Option<RecordId>,
) -> Error {
    if !work.caller.grants.can_read_field(&object.name, &field.name) {
        return Error::not_allowed(object, action).within(item);
    }
    Error::Duplicate {
        object: object.name.clone(),
        field: field.name.clone(),
        path: join_path(item, &field.name),
        existing,
    }
}

fn key(cell: &Scalar) -> String {
    match cell {
        Scalar::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
