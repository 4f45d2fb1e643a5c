//! The other side of target fields: the records that are about a record.

use std::sync::Arc;

use kontor_core::{
    ids::RecordId,
    metadata::{Field, FieldKind, Object, system_fields},
    value::Value,
};
use kontor_store::Write;
use sea_query::{Alias, Expr, ExprTrait, Query};

use super::{
    record::Record,
    rows::{BASE, Selection, col},
};
use crate::{Error, Work, search};

/// The most records that are found by a new name as soon as it is given.
const MAX_REINDEXED: u64 = 1_000;

/// The target fields that may point to records of an object, each with its own object.
fn target_fields(work: &Work<'_, '_>, object: &Object) -> Vec<(Arc<Object>, Field)> {
    let points =
        |kind: &FieldKind| matches!(kind, FieldKind::Target { objects } if objects.contains(&object.name));
    work.schema
        .objects()
        .iter()
        .flat_map(|referring| {
            let fields = referring.fields.iter().filter(|field| points(&field.kind));
            fields.map(|field| (referring.clone(), field.clone()))
        })
        .collect()
}

/// The name that targets keep of a record follows it, and so do the words they are found by.
pub(crate) async fn rename_targets(
    work: &mut Work<'_, '_>,
    object: &Object,
    id: RecordId,
    name: &str,
) -> Result<(), Error> {
    for (referring, field) in target_fields(work, object) {
        let statement = Query::update()
            .table(work.tx.table(&referring.table()))
            .value(Alias::new(field.column_name("name")), Expr::val(name))
            .and_where(Expr::col(Alias::new(field.column_name("id"))).eq(id.as_uuid()))
            .to_owned();
        let renamed = work.tx.execute(&statement).await?;
        if renamed > 0 && field.is_searchable {
            reindex(work, &referring, &field, id).await?;
        }
    }
    Ok(())
}

async fn reindex(
    work: &mut Work<'_, '_>,
    referring: &Arc<Object>,
    field: &Field,
    id: RecordId,
) -> Result<(), Error> {
    let is_read = |field: &Field| field.is_searchable || field.name == *system_fields::ID;
    let selection = Selection::new(referring, is_read);
    let mut statement = Query::select();
    selection.select(&mut statement, BASE);
    statement
        .from_as(work.tx.table(&referring.table()), Alias::new(BASE))
        .and_where(col(BASE, &field.column_name("id")).eq(id.as_uuid()))
        .and_where(col(BASE, system_fields::DELETED_AT).is_null())
        .limit(MAX_REINDEXED);
    let mut records = Vec::new();
    for row in work.tx.fetch_all(&statement).await? {
        let (values, _) = selection.read(&row, 0)?;
        if let Some(Value::Id(id)) = values.get(system_fields::ID) {
            records.push(Record::new(referring, *id, values));
        }
    }
    work.tx.write_all(vec![search::index(referring, &records)]).await?;
    Ok(())
}

/// What makes targets point nowhere, and keep the name, when their record goes for good.
pub(crate) fn release_targets(work: &Work<'_, '_>, object: &Object, id: RecordId) -> Vec<Write> {
    target_fields(work, object)
        .into_iter()
        .map(|(referring, field)| {
            let column = field.column_name("id");
            let statement = Query::update()
                .table(work.tx.table(&referring.table()))
                .value(Alias::new(column.as_str()), Expr::val(sea_query::Value::Uuid(None)))
                .and_where(Expr::col(Alias::new(column)).eq(id.as_uuid()))
                .to_owned();
            Write::Update(statement)
        })
        .collect()
}
