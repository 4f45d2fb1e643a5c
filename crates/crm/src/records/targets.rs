//! The other side of target fields: the records that are about a record.

use std::sync::Arc;

use kontor_core::{
    ids::RecordId,
    metadata::{Field, FieldKind, Object, Schema, system_fields},
    text::fold,
    value::Value,
};
use kontor_store::{Tx, Write};
use sea_query::{Alias, Expr, ExprTrait as _, Query};

use super::{
    record::Record,
    referring,
    rows::{BASE, col},
};
use crate::{Error, search};

/// The name that targets keep of a record follows it, and so do the words they are found by: of some of the records
/// that are about it, which bounds the transaction. Whether there may be more.
pub(crate) async fn rename_targets(
    tx: &mut Tx<'_>,
    schema: &Schema,
    object: &Object,
    id: RecordId,
    name: &str,
) -> Result<bool, Error> {
    let is_target = |kind: &FieldKind| kind.targets().is_some_and(|objects| objects.contains(&object.name));
    let mut has_more = false;
    for (referring, field) in referring::fields(schema, is_target) {
        let kept = || col(BASE, &field.column_name("name"));
        let is_outdated = kept().ne(name).or(kept().is_null());
        let records = referring::page(tx, &referring, &field, id, Some(is_outdated)).await?;
        has_more |= records.len() == referring::PAGE;
        if !records.is_empty() {
            rename(tx, &referring, &field, name, records).await?;
        }
    }
    Ok(has_more)
}

async fn rename(
    tx: &mut Tx<'_>,
    referring: &Arc<Object>,
    field: &Field,
    name: &str,
    mut records: Vec<Record>,
) -> Result<(), Error> {
    let statement = Query::update()
        .table(tx.table(&referring.table()))
        .value(Alias::new(field.column_name("name")), Expr::val(name))
        .value(Alias::new(field.folded_name("name")), Expr::val(fold(name)))
        .and_where(
            Expr::col(Alias::new(system_fields::ID)).is_in(records.iter().map(|record| record.id.as_uuid())),
        )
        .take();
    let mut writes = vec![Write::Update(statement)];
    if field.is_searchable {
        for record in &mut records {
            if let Some(Value::Target(target)) = record.values.get(&field.name) {
                let mut renamed = target.clone();
                name.clone_into(&mut renamed.name);
                record.values.set(field.name.clone(), Value::Target(renamed));
            }
        }
        writes.push(search::index(referring, &records));
    }
    Ok(tx.write_all(writes).await?)
}
