//! Putting records aside, taking them back, and removing them for good.

use std::sync::Arc;

use kontor_core::{
    grants::{Action, Grants},
    ids::RecordId,
    metadata::{Object, system_fields},
    value::Value,
};
use sea_query::{Alias, Expr, ExprTrait, Query};

use super::{
    access::require,
    get::{Requested, State, current},
    input::NewValues,
    journal::{self, Act, Changes},
    record::Record,
    related, unique,
    update::{target_fields, touch, write_row},
};
use crate::{Error, Work, search};

/// Puts a record aside, restorably: it is in no list and found by no search, and what points to it still
/// does.
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
    let before = current(work, object, id, Action::Delete, State::Live).await?;
    if let Some(expected) = if_match
        && expected != before.version
    {
        return Err(Error::StaleVersion { current: before.version });
    }
    let after = mark(work, object, before, Value::DateTime(work.now)).await?;
    work.tx.remove_document(&object.name, id.as_uuid()).await?;
    journal::write(work, &[Act::on(object, &after, Action::Delete, Changes::new())]).await?;
    shown(work, after).await
}

/// Takes back a deleted record.
///
/// # Errors
/// [`Error::Duplicate`] when another record has got its unique value meanwhile.
pub async fn restore(work: &mut Work<'_, '_>, object: &Arc<Object>, id: RecordId) -> Result<Record, Error> {
    require(work, object, Action::Restore)?;
    let before = current(work, object, id, Action::Restore, State::Deleted).await?;
    let after = mark(work, object, before, Value::Null).await?;
    search::index(work, object, &after).await?;
    journal::write(work, &[Act::on(object, &after, Action::Restore, Changes::new())]).await?;
    shown(work, after).await
}

/// Removes a record for good, deleted or not. Relations to it become empty; targets keep its name, and so
/// does the timeline.
pub async fn destroy(work: &mut Work<'_, '_>, object: &Arc<Object>, id: RecordId) -> Result<(), Error> {
    require(work, object, Action::Destroy)?;
    let before = current(work, object, id, Action::Destroy, State::Any).await?;
    for (table, field) in target_fields(work, object) {
        let column = field.column_name("id");
        let statement = Query::update()
            .table(work.tx.table(&table))
            .value(Alias::new(column.as_str()), Expr::val(sea_query::Value::Uuid(None)))
            .and_where(Expr::col(Alias::new(column)).eq(id.as_uuid()))
            .to_owned();
        work.tx.execute(&statement).await?;
    }
    let statement = Query::delete()
        .from_table(work.tx.table(&object.table()))
        .and_where(Expr::col(Alias::new(system_fields::ID)).eq(id.as_uuid()))
        .to_owned();
    work.tx.execute(&statement).await?;
    work.tx.remove_document(&object.name, id.as_uuid()).await?;
    journal::write(work, &[Act::on(object, &before, Action::Destroy, Changes::new())]).await
}

/// Writes when a record was deleted.
async fn mark(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    before: Record,
    deleted_at: Value,
) -> Result<Record, Error> {
    let mut values = NewValues::new();
    if let Some(field) = object.field(system_fields::DELETED_AT) {
        values.insert(field.name.clone(), deleted_at);
    }
    touch(work, object, &before, &mut values);
    write_row(work, object, before.id, &values).await.map_err(|error| match error {
        Error::Store(error) => unique::explain(object, "", error),
        other => other,
    })?;
    let mut after = before.values;
    for (name, value) in values {
        after.set(name, value);
    }
    Ok(Record::new(object, before.id, after))
}

async fn shown(work: &mut Work<'_, '_>, mut record: Record) -> Result<Record, Error> {
    let (grants, object): (Arc<Grants>, Arc<Object>) = (work.caller.grants.clone(), record.object.clone());
    Requested::new(&grants, &object, None, &[])?.prune(&mut record);
    related::attach(work, std::slice::from_mut(&mut record), &[]).await?;
    Ok(record)
}
