//! What points to a record: the fields that can, and the records that do.

use std::sync::Arc;

use kontor_core::{
    ids::RecordId,
    metadata::{Field, FieldKind, Object, system_fields},
    value::Value,
};
use sea_query::{Alias, ExprTrait, Order, Query};

use super::{
    record::Record,
    rows::{BASE, Selection, col},
};
use crate::{Error, Work};

/// The records that are read, and changed, with one statement.
pub(crate) const PAGE: usize = 200;

/// The fields of a kind, each with its own object.
pub(crate) fn fields(
    work: &Work<'_, '_>,
    is_wanted: impl Fn(&FieldKind) -> bool,
) -> Vec<(Arc<Object>, Field)> {
    let mut found = Vec::new();
    for object in work.schema.objects() {
        let fields = object.fields.iter().filter(|field| is_wanted(&field.kind));
        found.extend(fields.map(|field| (object.clone(), field.clone())));
    }
    found
}

/// The next records, deleted or not, that point to a record by a field; in the order of their ids, behind
/// `after`. There are no more where fewer than [`PAGE`] are found.
pub(crate) async fn page(
    work: &mut Work<'_, '_>,
    referring: &Arc<Object>,
    field: &Field,
    id: RecordId,
    after: Option<RecordId>,
) -> Result<Vec<Record>, Error> {
    let selection = Selection::new(referring, |_| true);
    let mut statement = Query::select();
    selection.select(&mut statement, BASE);
    statement
        .from_as(work.tx.table(&referring.table()), Alias::new(BASE))
        .and_where(col(BASE, &field.column_name("id")).eq(id.as_uuid()))
        .and_where_option(after.map(|after| col(BASE, system_fields::ID).gt(after.as_uuid())))
        .order_by_expr(col(BASE, system_fields::ID), Order::Asc)
        .limit(PAGE as u64);
    let mut records = Vec::new();
    for mut row in work.tx.fetch_all(&statement).await? {
        let (values, _) = selection.read(&mut row, 0)?;
        if let Some(Value::Id(id)) = values.get(system_fields::ID) {
            records.push(Record::new(referring, *id, values));
        }
    }
    Ok(records)
}
