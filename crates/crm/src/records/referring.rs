//! What points to a record: the fields that can, and the records that do.

use std::sync::Arc;

use kontor_core::{
    ids::RecordId,
    metadata::{Field, FieldKind, Object, Schema, system_fields},
    value::Value,
};
use kontor_store::Tx;
use sea_query::{Alias, Expr, ExprTrait as _, Order, Query};

use super::{
    record::Record,
    rows::{BASE, Selection, col},
};
use crate::Error;

/// The records that are read, and changed, with one statement.
pub(crate) const PAGE: usize = 200;

/// The fields of a kind, each with its own object.
pub(crate) fn fields(schema: &Schema, is_wanted: impl Fn(&FieldKind) -> bool) -> Vec<(Arc<Object>, Field)> {
    let mut found = Vec::new();
    for object in schema.objects() {
        let fields = object.fields.iter().filter(|field| is_wanted(&field.kind));
        found.extend(fields.map(|field| (object.clone(), field.clone())));
    }
    found
}

/// The first records, deleted or not, that point to a record by a field and meet a condition; in the order of their
/// ids. There are no more where fewer than [`PAGE`] are found.
pub(crate) async fn page(
    tx: &mut Tx<'_>,
    referring: &Arc<Object>,
    field: &Field,
    id: RecordId,
    condition: Option<Expr>,
) -> Result<Vec<Record>, Error> {
    let selection = Selection::new(referring, |_| true);
    let mut statement = Query::select();
    selection.select(&mut statement, BASE);
    statement
        .from_as(tx.table(&referring.table()), Alias::new(BASE))
        .and_where(col(BASE, &field.column_name("id")).eq(id.as_uuid()))
        .and_where_option(condition)
        .order_by_expr(col(BASE, system_fields::ID), Order::Asc)
        .limit(PAGE as u64);
    let mut records = Vec::new();
    for mut row in tx.fetch_all(&statement).await? {
        let (values, _) = selection.read(&mut row, 0)?;
        if let Some(Value::Id(id)) = values.get(system_fields::ID) {
            records.push(Record::new(referring, *id, values));
        }
    }
    Ok(records)
}
