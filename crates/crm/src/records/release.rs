//! What points to a record that goes for good is made to point nowhere.
//!
//! The database would empty the relations by itself, but silently; here each record that loses one is
//! changed as by any other write, so that its version, its timeline and the outbox tell.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use kontor_core::{
    grants::Action,
    ids::RecordId,
    metadata::{Field, Name, Object, system_fields},
    value::Value,
};
use kontor_store::Write;
use sea_query::{Alias, Expr, ExprTrait, Query};

use super::{
    input::NewValues,
    journal::{self, Act},
    record::Record,
    referring,
    related::{Labels, Wanted, lookup, padded},
    rows::{BASE, col, named_cells},
    update::{merged, touched},
};
use crate::{Error, Work};

/// Empties every relation to the record, and makes every target point nowhere with the name kept. It is no
/// matter whether the caller may change what points there: it is the destruction that changes it.
pub(crate) async fn release(work: &mut Work<'_, '_>, gone: &Record) -> Result<(), Error> {
    let itself = Wanted::from([(gone.object.name.clone(), BTreeSet::from([gone.id]))]);
    let labels = lookup(work, &itself).await?;
    for (object, field) in referring::fields(work.schema, |kind| kind.can_point_to(&gone.object.name)) {
        let mut after: Option<RecordId> = None;
        loop {
            let behind = after.map(|after| col(BASE, system_fields::ID).gt(after.as_uuid()));
            let records = referring::page(work.tx, &object, &field, gone.id, behind).await?;
            let is_last = records.len() < referring::PAGE;
            after = records.last().map(|record| record.id);
            let writes = released(work, &object, gone, &labels, &records);
            work.tx.write_all(writes).await?;
            if is_last {
                break;
            }
        }
    }
    Ok(())
}

/// What changes these records, all the fields of each that point to what goes.
fn released(
    work: &Work<'_, '_>,
    object: &Arc<Object>,
    gone: &Record,
    labels: &Labels,
    records: &[Record],
) -> Vec<Write> {
    let mut acts = Vec::with_capacity(records.len());
    let mut alike: BTreeMap<Vec<Name>, BTreeSet<RecordId>> = BTreeMap::new();
    // One that points to itself goes as well.
    for record in records.iter().filter(|record| record.id != gone.id) {
        let emptied: NewValues = object
            .fields
            .iter()
            .filter_map(|field| Some((field.name.clone(), without(field, record, gone)?)))
            .collect();
        alike.entry(emptied.keys().cloned().collect()).or_default().insert(record.id);
        let changes = journal::changes(object, &record.values, &emptied, labels);
        let after = Record::new(object, record.id, merged(&record.values, emptied));
        acts.push(Act::on(object, &after, Action::Update, changes));
    }
    if acts.is_empty() {
        return Vec::new();
    }
    let mut writes: Vec<_> = alike.iter().map(|(fields, ids)| emptying(work, object, fields, ids)).collect();
    writes.extend(journal::writes(work, &acts));
    writes
}

/// What a field holds when the record it points to is gone; nothing where it points elsewhere.
fn without(field: &Field, record: &Record, gone: &Record) -> Option<Value> {
    match (field.kind.relation(), record.values.get(&field.name)?) {
        (Some(object), Value::Relation(id)) if *object == gone.object.name && *id == gone.id => {
            Some(Value::Null)
        }
        (_, Value::Target(target)) if target.object == gone.object.name && target.id == Some(gone.id) => {
            let mut released = target.clone();
            released.id = None;
            Some(Value::Target(released))
        }
        _ => None,
    }
}

/// What makes these fields of these records point nowhere.
fn emptying(work: &Work<'_, '_>, object: &Object, fields: &[Name], ids: &BTreeSet<RecordId>) -> Write {
    let dialect = work.tx.dialect();
    let version = || Expr::col(Alias::new(system_fields::VERSION));
    let mut statement = Query::update();
    statement
        .table(work.tx.table(&object.table()))
        .value(Alias::new(system_fields::VERSION), version().add(1));
    let touched = touched(work, object);
    for field in &object.fields {
        if fields.contains(&field.name) {
            let column = Alias::new(field.column_name("id"));
            statement.value(column, Expr::val(sea_query::Value::Uuid(None)));
        } else if let Some(value) = touched.get(&field.name) {
            for (column, cell) in named_cells(dialect, field, value) {
                statement.value(column, Expr::val(cell));
            }
        }
    }
    statement.and_where(Expr::col(Alias::new(system_fields::ID)).is_in(padded(ids)));
    Write::Update(statement)
}
