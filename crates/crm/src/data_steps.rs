//! What is made of the records that older versions wrote.

use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{
    environment::Environment,
    ids::RecordId,
    metadata::{Object, system_fields},
    value::Value,
};
use kontor_store::{BoxFuture, DataStep, PartResult, Tx, Write};
use sea_query::{Alias, Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use crate::{
    Error, metadata,
    records::{self, BASE, Record, Selection, col, named_cells},
    search,
};

/// The records of one part of a step.
const PART: usize = 500;

/// The steps of this crate.
pub fn data_steps() -> Vec<DataStep> {
    vec![
        DataStep { number: 0, name: "renew tables and standard objects", alters: true, run: renew },
        DataStep { number: 1, name: "fold texts and index words anew", alters: false, run: fold_and_index },
        DataStep { number: 3, name: "keep for whom an agent acts", alters: true, run: add_principals },
        DataStep { number: 5, name: "members have a time zone", alters: true, run: add_time_zone },
        DataStep { number: 6, name: "messages are activities", alters: false, run: add_messages },
    ]
}

/// Adds what tables, indexes and standard objects lack, and claims the mail addresses that are primary ones: these
/// come before any additional one.
fn renew<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        // What is declared is compared by name: the ids that are made for it are not kept.
        metadata::renew(tx, &Environment::system()).await?;
        for object in metadata::schema(tx).await?.objects() {
            records::take_primary(tx, object).await?;
        }
        Ok(None)
    })
}

/// Adds the columns that say on whose behalf an agent acted.
fn add_principals<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        metadata::add_principals(tx).await?;
        Ok(None)
    })
}

fn add_time_zone<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        metadata::add_standard_field(tx, &Environment::system(), "member", "time_zone").await?;
        Ok(None)
    })
}

fn add_messages<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        metadata::add_standard_option(tx, &Environment::system(), "activity", "type", "MESSAGE").await?;
        Ok(None)
    })
}

/// Gives searchable fields their slots, computes the folded columns of texts anew, claims additional mail addresses
/// and indexes every record, in the order in which they were made. A place is the id of the last record that is done.
fn fold_and_index<'t>(tx: &'t mut Tx<'_>, place: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move { Ok(next_part(tx, place).await?) })
}

async fn next_part(tx: &mut Tx<'_>, place: Option<String>) -> Result<Option<String>, Error> {
    let after = match place.as_deref().map(str::parse::<Uuid>) {
        Some(Ok(id)) => id,
        _ => {
            metadata::assign_search_slots(tx).await?;
            Uuid::nil()
        }
    };
    Ok(index_part(tx, after, true).await?.map(|reached| reached.to_string()))
}

/// Claims the mail addresses of the next records behind an id and indexes them, in the order in which they were made;
/// where texts are to be folded anew, does that first. Answers the id of the last one, unless none comes after it.
pub(crate) async fn index_part(
    tx: &mut Tx<'_>,
    after: Uuid,
    is_refolded: bool,
) -> Result<Option<Uuid>, Error> {
    let schema = metadata::schema(tx).await?;
    let mut part: BTreeMap<RecordId, Record> = BTreeMap::new();
    for object in schema.objects() {
        for record in page(tx, object, after).await? {
            part.insert(record.id, record);
            if part.len() > PART {
                part.pop_last();
            }
        }
    }
    let reached = part.keys().last().map(|id| id.as_uuid());
    let records: Vec<_> = part.into_values().collect();
    for run in records.chunk_by(|one, next| one.object.name == next.object.name) {
        let Some(object) = run.first().map(|record| record.object.clone()) else { continue };
        if is_refolded {
            for record in run {
                refold(tx, &object, record).await?;
            }
        }
        records::take_free(tx, &object, run).await?;
        tx.write_all(vec![search::index(&object, run)]).await?;
    }
    Ok(if records.len() < PART { None } else { reached })
}

/// The next records of an object, deleted ones as well.
async fn page(tx: &mut Tx<'_>, object: &Arc<Object>, after: Uuid) -> Result<Vec<Record>, Error> {
    let selection = Selection::new(object, |_| true);
    let mut statement = Query::select();
    selection.select(&mut statement, BASE);
    statement
        .from_as(tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).gt(after))
        .order_by_expr(col(BASE, system_fields::ID), Order::Asc)
        .limit(PART as u64);
    let mut records = Vec::new();
    for mut row in tx.fetch_all(&statement).await? {
        let (values, _) = selection.read(&mut row, 0)?;
        if let Some(Value::Id(id)) = values.get(system_fields::ID) {
            records.push(Record::new(object, *id, values));
        }
    }
    Ok(records)
}

/// Writes the folded columns of the fields whose text may be folded otherwise than before, and those that older
/// versions did not have.
async fn refold(tx: &mut Tx<'_>, object: &Object, record: &Record) -> Result<(), Error> {
    let dialect = tx.dialect();
    let mut statement = Query::update();
    let mut is_needed = false;
    for (field, value) in record.values.of(object).filter(|(_, value)| !value.is_null()) {
        let columns = field.columns();
        if !columns.iter().any(|column| column.is_folded) {
            continue;
        }
        let is_ascii = value.display(&field.kind).is_ascii();
        for (column, (name, cell)) in columns.iter().zip(named_cells(dialect, field, value)) {
            if column.is_folded && (!is_ascii || metadata::is_later(field, column)) {
                statement.value(name, Expr::val(cell));
                is_needed = true;
            }
        }
    }
    if is_needed {
        statement
            .table(tx.table(&object.table()))
            .and_where(Expr::col(Alias::new(system_fields::ID)).eq(record.id.as_uuid()));
        tx.write_all(vec![Write::Update(statement)]).await?;
    }
    Ok(())
}
