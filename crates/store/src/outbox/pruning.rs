//! Removing events that are old. They are looked at in their order, so that a look costs no more than what it removes.

use kontor_core::time::Timestamp;
use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use super::{EVENTS, happened_at, rows::READERS};
use crate::{BoxFuture, Error, Tx, prune::PART};

/// Removes events of changes before an instant which every reader of the workspace has had.
pub fn prune<'t>(tx: &'t mut Tx<'_>, before: Timestamp) -> BoxFuture<'t, Result<u64, Error>> {
    Box::pin(async move {
        let slowest = Query::select().expr(Expr::col("place").min()).from(tx.table(READERS)).take();
        let slowest: Option<i64> = tx.fetch_one(&slowest).await?.get(0)?;
        match old(tx, before, slowest).await? {
            Some(last) => remove(tx, last).await,
            None => Ok(0),
        }
    })
}

/// Removes events of changes before an instant, whoever has not had them: such readers will be told so.
pub fn prune_unread<'t>(tx: &'t mut Tx<'_>, before: Timestamp) -> BoxFuture<'t, Result<u64, Error>> {
    Box::pin(async move {
        let Some(last) = old(tx, before, None).await? else { return Ok(0) };
        let miss = Query::update()
            .table(tx.table(READERS))
            .value("missed_through", last)
            .and_where(Expr::col("place").lt(last))
            .take();
        tx.execute(&miss).await?;
        remove(tx, last).await
    })
}

/// The number of the last of the first events that happened before an instant, and lie at or before a place.
async fn old(tx: &mut Tx<'_>, before: Timestamp, place: Option<i64>) -> Result<Option<i64>, Error> {
    let first = Query::select()
        .columns(["sequence", "id"])
        .from(tx.table(EVENTS))
        .and_where_option(place.map(|place| Expr::col("sequence").lte(place)))
        .order_by("sequence", Order::Asc)
        .limit(PART)
        .take();
    let mut last = None;
    for row in tx.fetch_all(&first).await? {
        let (sequence, id): (i64, Uuid) = (row.get(0)?, row.get(1)?);
        if happened_at(id) >= before {
            break;
        }
        last = Some(sequence);
    }
    Ok(last)
}

async fn remove(tx: &mut Tx<'_>, through: i64) -> Result<u64, Error> {
    let delete =
        Query::delete().from_table(tx.table(EVENTS)).and_where(Expr::col("sequence").lte(through)).take();
    tx.execute(&delete).await
}
