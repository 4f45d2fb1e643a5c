//! Putting records aside, taking them back, and removing them for good.

use std::sync::Arc;

use kontor_core::{
    grants::{Action, Grants},
    ids::RecordId,
    metadata::{Object, system_fields},
    value::{Value, Values},
};
use kontor_store::Write;
use sea_query::{Alias, Expr, ExprTrait, Query};

use super::{
    access::require,
    claims,
    get::{Requested, State, current},
    input::NewValues,
    journal::{self, Act, Changes},
    record::Record,
    related::{self, Labels},
    release::release,
    unique,
    update::{merged, references, row, touch},
};
use crate::{Error, Work, search};

/// Puts a record aside, restorably: it is in no list but that of the deleted ones, found only there, and what
/// points to it still does.
///
/// # Errors
/// [`Error::StaleVersion`] when `if_match` is given and the record is at another version.
pub async fn delete(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    if_match: Option<i64>,
) -> Result<Record, Error> {
    require(work, object, Action::Delete)?;
    let (before, labels) = current(work, object, id, Action::Delete, State::Live).await?;
    expect(&before, if_match)?;
    let (after, mut writes) = mark(work, object, &before, Value::DateTime(work.now), Action::Delete);
    writes.extend(claims::given_up(work.tx, object, &before));
    work.tx.write_all(writes).await?;
    shown(work, after, labels).await
}

/// Takes back a deleted record.
///
/// # Errors
/// [`Error::NotDeleted`] when it is not, and [`Error::Duplicate`] when another record has got its unique value
/// meanwhile.
pub async fn restore(work: &mut Work<'_, '_>, object: &Arc<Object>, id: RecordId) -> Result<Record, Error> {
    require(work, object, Action::Restore)?;
    let (before, labels) = current(work, object, id, Action::Restore, State::Any).await?;
    if !before.is_deleted {
        return Err(Error::NotDeleted { object: object.name.clone() });
    }
    let unique = object.fields.iter().filter(|field| field.is_unique);
    let values: NewValues = unique
        .filter_map(|field| Some((field.name.clone(), before.values.get(&field.name)?.clone())))
        .collect();
    let (had, path) = (Values::new(), |_| String::new());
    let taken = unique::check(work, object, Action::Restore, &[&values], Some((id, &had)), &path).await?;
    if let Some(error) = taken {
        return Err(error);
    }
    let (after, mut writes) = mark(work, object, &before, Value::Null, Action::Restore);
    writes.extend(claims::taken(work.tx, object, [&after]));
    if let Err(error) = work.tx.write_all(writes).await {
        return Err(unique::explain(work, object, Action::Restore, [&after], &|_| String::new(), error));
    }
    shown(work, after, labels).await
}

/// Removes a record for good, deleted or not. Relations to it become empty; targets keep its name, and so
/// does the timeline.
///
/// # Errors
/// [`Error::StaleVersion`] when `if_match` is given and the record is at another version.
pub async fn destroy(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    if_match: Option<i64>,
) -> Result<(), Error> {
    require(work, object, Action::Destroy)?;
    let (before, mut labels) = current(work, object, id, Action::Destroy, State::Any).await?;
    expect(&before, if_match)?;
    release(work, &before).await?;
    labels.complete(work, references(object, &before.values, &NewValues::new())).await?;
    let act = Act::on(object, &before, Action::Destroy, journal::losses(&before, &labels));
    let mut writes = journal::writes(work, &[act]);
    if !before.is_deleted {
        writes.extend(claims::given_up(work.tx, object, &before));
    }
    work.tx.write_all(writes).await?;
    let statement = Query::delete()
        .from_table(work.tx.table(&object.table()))
        .and_where(Expr::col(Alias::new(system_fields::ID)).eq(id.as_uuid()))
        .take();
    work.tx.execute(&statement).await?;
    Ok(work.tx.remove_document(&object.name, id.as_uuid()).await?)
}

/// Refuses a record that is at another version than the caller takes it to be.
fn expect(record: &Record, version: Option<i64>) -> Result<(), Error> {
    match version {
        Some(version) if version != record.version => Err(Error::StaleVersion { current: record.version }),
        _ => Ok(()),
    }
}

/// The record with the time of its deletion, and what writes that down.
fn mark(
    work: &Work<'_, '_>,
    object: &Arc<Object>,
    before: &Record,
    deleted_at: Value,
    action: Action,
) -> (Record, Vec<Write>) {
    let mut values = NewValues::new();
    let mut changes = Changes::new();
    if let Some(field) = object.field(system_fields::DELETED_AT) {
        let was = before.values.get(&field.name).unwrap_or(&Value::Null);
        changes.insert(field.name.clone(), journal::change(field, was, &deleted_at, &Labels::default()));
        values.insert(field.name.clone(), deleted_at);
    }
    touch(work, object, before, &mut values);
    let mut writes = vec![row(work, object, before.id, &values)];
    let after = Record::new(object, before.id, merged(&before.values, values));
    // Its words are others now: a deleted record is found among the deleted ones alone.
    writes.push(search::index(object, [&after]));
    writes.extend(journal::writes(work, &[Act::on(object, &after, action, changes)]));
    (after, writes)
}

async fn shown(work: &mut Work<'_, '_>, mut record: Record, labels: Labels) -> Result<Record, Error> {
    let (grants, object): (Arc<Grants>, Arc<Object>) = (work.caller.grants.clone(), record.object.clone());
    Requested::new(&grants, &object, None, &[])?.prune(&mut record);
    related::attach(work, std::slice::from_mut(&mut record), &[], labels).await?;
    Ok(record)
}
