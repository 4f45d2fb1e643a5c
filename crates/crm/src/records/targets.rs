//! The other side of target fields: the records that are about a record.

use std::sync::Arc;

use kontor_core::{
    ids::RecordId,
    metadata::{Field, FieldKind, Object},
    text::fold,
};
use sea_query::{Alias, Expr, ExprTrait, Query};

use super::referring;
use crate::{Error, Work, search};

/// The name that targets keep of a record follows it, and so do the words they are found by.
pub(crate) async fn rename_targets(
    work: &mut Work<'_, '_>,
    object: &Object,
    id: RecordId,
    name: &str,
) -> Result<(), Error> {
    let is_target = |kind: &FieldKind| kind.targets().is_some_and(|objects| objects.contains(&object.name));
    for (referring, field) in referring::fields(work, is_target) {
        let statement = Query::update()
            .table(work.tx.table(&referring.table()))
            .value(Alias::new(field.column_name("name")), Expr::val(name))
            .value(Alias::new(field.folded_name("name")), Expr::val(fold(name)))
            .and_where(Expr::col(Alias::new(field.column_name("id"))).eq(id.as_uuid()))
            .take();
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
    let mut after = None;
    loop {
        let records = referring::page(work, referring, field, id, after).await?;
        work.tx.write_all(vec![search::index(referring, &records)]).await?;
        after = records.last().map(|record| record.id);
        if records.len() < referring::PAGE {
            return Ok(());
        }
    }
}
