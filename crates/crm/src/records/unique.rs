//! Values that no two live records share.

use std::collections::{BTreeSet, HashSet};

use kontor_core::{
    error::{Issue, join_path},
    filter::{FieldPath, Readable as _, Scalar},
    grants::Action,
    ids::RecordId,
    metadata::{ColumnType, Field, Object, system_fields},
    reference::RecordReference,
    value::{Value, Values},
};
use sea_query::{Alias, ExprTrait, Query, SelectStatement};

use super::{
    claims::{self, claimed, is_claimed},
    input::NewValues,
    record::Record,
    related::{Labels, Wanted, lookup},
    rows::{BASE, col, decode, operand},
};
use crate::{Error, Work, kinds};

/// A unique value of one of several records that another has.
struct Conflict<'o> {
    field: &'o Field,
    /// The place of the record among the several.
    index: usize,
    /// The other; an earlier one of the several where there is none.
    other: Option<RecordId>,
}

/// Finds which of several records with new values have a unique value that another has, or an earlier one of
/// them. `itself` is the record that gets the values, with those that it had. Asked before writing, so that the
/// answer can name the other; two who write at once are kept apart by the database alone.
pub(crate) async fn check(
    work: &mut Work<'_, '_>,
    object: &Object,
    action: Action,
    records: &[&NewValues],
    itself: Option<(RecordId, &Values)>,
    path: &impl Fn(usize) -> String,
) -> Result<Option<Error>, Error> {
    let mut conflicts = Vec::new();
    for field in object.fields.iter().filter(|field| field.is_unique) {
        let held = itself.and_then(|(_, values)| values.get(&field.name)).map(|value| scalars(field, value));
        let mut found = cells(field, records);
        found.cells.retain(|(_, cell)| !held.as_ref().is_some_and(|held| held.contains(cell)));
        conflicts.extend(found.twins.into_iter().map(|index| Conflict { field, index, other: None }));
        let Some((mut statement, id, value, ty)) = sharing(work, object, field, &found.cells) else {
            continue;
        };
        statement
            .expr(col(BASE, id))
            .expr(col(BASE, &value))
            .and_where_option(itself.map(|(itself, _)| col(BASE, id).ne(itself.as_uuid())));
        for mut row in work.tx.fetch_all(&statement).await? {
            let taken = decode(&mut row, 1, ty)?;
            let other = Some(RecordId(row.get(0)?));
            let items = found.cells.iter().filter(|(_, cell)| taken.as_ref() == Some(cell));
            conflicts.extend(items.map(|(index, _)| Conflict { field, index: *index, other }));
        }
    }
    if conflicts.is_empty() {
        return Ok(None);
    }
    conflicts.sort_by_key(|conflict| conflict.index);
    let ids = conflicts.iter().filter_map(|conflict| conflict.other).collect();
    let labels = lookup(work, &Wanted::from([(object.name.clone(), ids)])).await?;
    let errors = conflicts.iter().map(|conflict| duplicate(work, object, action, conflict, &labels, path));
    Ok(Some(Error::all(errors.collect())))
}

/// Whether two of several records have the same unique value.
pub(crate) fn has_twins(object: &Object, records: &[&NewValues]) -> bool {
    object.fields.iter().any(|field| field.is_unique && !cells(field, records).twins.is_empty())
}

/// What finds, for each unique field, who has one of these records' values, as id of [`BASE`]; with nothing else
/// selected.
pub(crate) fn probes(work: &Work<'_, '_>, object: &Object, records: &[&NewValues]) -> Vec<SelectStatement> {
    let unique = object.fields.iter().filter(|field| field.is_unique);
    unique.filter_map(|field| Some(sharing(work, object, field, &cells(field, records).cells)?.0)).collect()
}

/// Who has one of these values of these fields.
pub(crate) async fn holders(
    work: &mut Work<'_, '_>,
    object: &Object,
    fields: &[&Field],
    values: &NewValues,
) -> Result<BTreeSet<RecordId>, Error> {
    let mut found = BTreeSet::new();
    for field in fields {
        let cells = cells(field, &[values]);
        let Some((mut statement, id, ..)) = sharing(work, object, field, &cells.cells) else { continue };
        statement.expr(col(BASE, id));
        for row in work.tx.fetch_all(&statement).await? {
            found.insert(RecordId(row.get(0)?));
        }
    }
    Ok(found)
}

/// Whether a value of a unique field has all that another has.
pub(crate) fn holds(field: &Field, held: &Value, given: &Value) -> bool {
    let held = scalars(field, held);
    scalars(field, given).iter().all(|cell| held.contains(cell))
}

/// The values of a unique field of several records, each with its record's place.
struct Cells {
    cells: Vec<(usize, Scalar)>,
    /// The places of those of which an earlier one has a value as well.
    twins: Vec<usize>,
}

fn cells(field: &Field, records: &[&NewValues]) -> Cells {
    let mut seen = HashSet::new();
    let mut found = Cells { cells: Vec::new(), twins: Vec::new() };
    for (index, values) in records.iter().enumerate() {
        let Some(value) = values.get(&field.name) else { continue };
        for cell in scalars(field, value) {
            if seen.insert(key(&cell)) {
                found.cells.push((index, cell));
            } else if found.twins.last() != Some(&index) {
                found.twins.push(index);
            }
        }
    }
    found
}

/// What a value of a unique field is compared by: several where a record has several.
fn scalars(field: &Field, value: &Value) -> Vec<Scalar> {
    if is_claimed(field) {
        return claimed(value).map(|text| Scalar::Text(text.to_owned())).collect();
    }
    FieldPath::whole(field).cell(field, value).into_iter().collect()
}

/// Finds who has one of these values: the statement, the columns of the record's id and of the value, and the
/// type of the latter.
fn sharing(
    work: &Work<'_, '_>,
    object: &Object,
    field: &Field,
    cells: &[(usize, Scalar)],
) -> Option<(SelectStatement, &'static str, String, ColumnType)> {
    if cells.is_empty() {
        return None;
    }
    if is_claimed(field) {
        let texts: Vec<_> = cells
            .iter()
            .filter_map(|(_, cell)| match cell {
                Scalar::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let statement = claims::holders(work.tx, object, field, &texts);
        return Some((statement, "record_id", "value".to_owned(), ColumnType::Text));
    }
    let column = FieldPath::whole(field).column(field);
    let ty = field.columns().into_iter().find(|known| known.name == column)?.ty;
    let operands: Vec<_> = cells.iter().map(|(_, cell)| operand(work.tx.dialect(), cell)).collect();
    let statement = Query::select()
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, &column).is_in(operands))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .take();
    Some((statement, system_fields::ID, column, ty))
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
    let kontor_store::Error::UniqueViolation { table, columns, .. } = &error else {
        return Error::Store(error);
    };
    let violated = object.fields.iter().filter(|field| field.is_unique).find(|field| {
        if is_claimed(field) && table == claims::TABLE {
            return true;
        }
        columns.contains(&FieldPath::whole(field).column(field))
    });
    let Some(field) = violated else { return Error::Store(error) };
    let has_value = |record: &Record| record.values.get(&field.name).is_some_and(|value| !value.is_null());
    let mut items = records.into_iter().enumerate().filter(|(_, record)| has_value(record));
    let item = match (items.next(), items.next()) {
        (Some((index, _)), None) => path(index),
        _ => String::new(),
    };
    let conflict = Conflict { field, index: 0, other: None };
    duplicate(work, object, action, &conflict, &Labels::default(), &|_| item.clone())
}

/// A field that the caller may not read cannot be named, so that the record is one which the caller cannot
/// write. The other record is named where the caller may read its name.
fn duplicate(
    work: &Work<'_, '_>,
    object: &Object,
    action: Action,
    conflict: &Conflict<'_>,
    labels: &Labels,
    path: &impl Fn(usize) -> String,
) -> Error {
    let (field, item) = (conflict.field, path(conflict.index));
    if !work.caller.grants.can_read_field(&object.name, &field.name) {
        return Error::not_allowed(object, action).within(&item);
    }
    let other = conflict.other.and_then(|id| Some((id, labels.shown(&object.name, id)?)));
    let word = kinds::of(&field.kind).word;
    let what = word.map_or_else(|| field.label.to_lowercase(), str::to_owned);
    let who = other
        .map_or_else(|| format!("Another {}", object.label.to_lowercase()), |(_, label)| label.to_owned());
    let issue = Issue::new(
        join_path(&item, &field.name),
        "duplicate_value",
        format!("{who} has this {what} already."),
    );
    Error::Duplicate(vec![match other {
        Some((id, label)) => {
            issue.because_of(RecordReference { object: object.name.clone(), id, label: label.to_owned() })
        }
        None => issue,
    }])
}

fn key(cell: &Scalar) -> String {
    match cell {
        Scalar::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}
