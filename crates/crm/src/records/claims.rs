//! Values of which a record has several and which belong to it alone: of all mail addresses of contacts, primary
//! and additional ones, none is had by two.
//!
//! No index on the records could tell, so that each address of a live record is a row of a table whose key is
//! the address. It is written with the record, and goes with it.

use std::collections::BTreeSet;

use kontor_core::{
    metadata::{Field, Object, system_fields},
    value::{Emails, Value},
};
use kontor_store::{Tx, Write};
use sea_query::{Alias, Expr, ExprTrait, InsertStatement, OnConflict, Query, SelectStatement};

use super::{
    record::Record,
    rows::{BASE, col},
};
use crate::{Error, kinds};

pub(crate) const TABLE: &str = "claimed_values";
const COLUMNS: [&str; 4] = ["object", "field", "value", "record_id"];
const KEY: [&str; 3] = ["object", "field", "value"];

/// How many rows one INSERT holds at most: SQLite binds 32,766 values in a statement.
const ROWS_PER_INSERT: usize = 8_000;

/// Whether a unique field's values are claimed, each of them, rather than kept apart by an index of the records.
pub(crate) fn is_claimed(field: &Field) -> bool {
    field.is_unique && kinds::of(&field.kind).is_claimed
}

/// All that a value of a claimed field claims.
pub(crate) fn claimed(value: &Value) -> impl Iterator<Item = &str> {
    let (primary, additional) = match value {
        Value::Emails(Emails { primary, additional }) => (primary.as_str(), additional.as_slice()),
        _ => ("", [].as_slice()),
    };
    std::iter::once(primary).chain(additional.iter().map(String::as_str)).filter(|text| !text.is_empty())
}

/// What is claimed of these values, under [`BASE`].
pub(crate) fn holders(tx: &Tx<'_>, object: &Object, field: &Field, values: &[&str]) -> SelectStatement {
    Query::select()
        .from_as(tx.table(TABLE), BASE)
        .and_where(col(BASE, "object").eq(object.name.as_str()))
        .and_where(col(BASE, "field").eq(field.name.as_str()))
        .and_where(col(BASE, "value").is_in(values.iter().copied()))
        .take()
}

/// What claims the values of records that are made or taken back.
pub(crate) fn taken<'r>(
    tx: &Tx<'_>,
    object: &Object,
    records: impl IntoIterator<Item = &'r Record> + Clone,
) -> Vec<Write> {
    let mut writes = Vec::new();
    for field in object.fields.iter().filter(|field| is_claimed(field)) {
        let rows: Vec<_> = records
            .clone()
            .into_iter()
            .flat_map(|record| values_of(record, field).into_iter().map(move |value| (record, value)))
            .collect();
        writes.extend(rows.chunks(ROWS_PER_INSERT).map(|rows| claim(tx, object, field, rows)));
    }
    writes
}

/// What gives up the values of a record that is deleted or destroyed.
pub(crate) fn given_up(tx: &Tx<'_>, object: &Object, record: &Record) -> Vec<Write> {
    let fields = object.fields.iter().filter(|field| is_claimed(field));
    fields.filter_map(|field| give_up(tx, object, field, record, values_of(record, field))).collect()
}

/// What claims the values that a record gets, and gives up those that it has no more.
pub(crate) fn moved(tx: &Tx<'_>, object: &Object, before: &Record, after: &Record) -> Vec<Write> {
    let mut writes = Vec::new();
    for field in object.fields.iter().filter(|field| is_claimed(field)) {
        let (old, new) = (values_of(before, field), values_of(after, field));
        let gained: Vec<_> = new.difference(&old).map(|value| (after, *value)).collect();
        writes.extend(give_up(tx, object, field, before, old.difference(&new).copied().collect()));
        if !gained.is_empty() {
            writes.push(claim(tx, object, field, &gained));
        }
    }
    writes
}

fn values_of<'r>(record: &'r Record, field: &Field) -> BTreeSet<&'r str> {
    record.values.get(&field.name).into_iter().flat_map(claimed).collect()
}

fn claim(tx: &Tx<'_>, object: &Object, field: &Field, rows: &[(&Record, &str)]) -> Write {
    Write::Insert(claiming(tx, object, field, rows))
}

fn claiming(tx: &Tx<'_>, object: &Object, field: &Field, rows: &[(&Record, &str)]) -> InsertStatement {
    let mut statement = Query::insert();
    statement.into_table(tx.table(TABLE)).columns(COLUMNS);
    for (record, value) in rows {
        statement.values_panic([
            object.name.as_str().into(),
            field.name.as_str().into(),
            (*value).into(),
            record.id.as_uuid().into(),
        ]);
    }
    statement
}

/// Claims the primary values of the live records of an object, which an index has kept apart so far.
pub(crate) async fn take_primary(tx: &mut Tx<'_>, object: &Object) -> Result<(), Error> {
    for field in object.fields.iter().filter(|field| is_claimed(field)) {
        let primary = || Expr::col(Alias::new(field.column_name("primary")));
        let values = Query::select()
            .exprs([Expr::val(object.name.as_str()), Expr::val(field.name.as_str()), primary()])
            .column(Alias::new(system_fields::ID))
            .from(tx.table(&object.table()))
            .and_where(primary().is_not_null())
            .and_where(Expr::col(Alias::new(system_fields::DELETED_AT)).is_null())
            .take();
        let mut statement = Query::insert();
        statement.into_table(tx.table(TABLE)).columns(COLUMNS);
        let wrong = |error: sea_query::error::Error| kontor_store::Error::Statement { source: error.into() };
        statement.select_from(values).map_err(wrong)?;
        tx.execute(&statement).await?;
    }
    Ok(())
}

/// Claims what nobody has of the values of live records that were made when only primary ones were kept apart.
pub(crate) async fn take_free(tx: &mut Tx<'_>, object: &Object, records: &[Record]) -> Result<(), Error> {
    for field in object.fields.iter().filter(|field| is_claimed(field)) {
        let live = records.iter().filter(|record| !record.is_deleted);
        let rows: Vec<_> = live
            .flat_map(|record| values_of(record, field).into_iter().map(move |value| (record, value)))
            .collect();
        for rows in rows.chunks(ROWS_PER_INSERT) {
            let mut statement = claiming(tx, object, field, rows);
            statement.on_conflict(OnConflict::columns(KEY).do_nothing().to_owned());
            tx.execute(&statement).await?;
        }
    }
    Ok(())
}

fn give_up(
    tx: &Tx<'_>,
    object: &Object,
    field: &Field,
    record: &Record,
    values: BTreeSet<&str>,
) -> Option<Write> {
    if values.is_empty() {
        return None;
    }
    let mut statement = Query::delete();
    statement
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("object").eq(object.name.as_str()))
        .and_where(Expr::col("field").eq(field.name.as_str()))
        .and_where(Expr::col("value").is_in(values))
        // One that another record had first was never this one's.
        .and_where(Expr::col("record_id").eq(record.id.as_uuid()));
    Some(Write::Delete(statement))
}
