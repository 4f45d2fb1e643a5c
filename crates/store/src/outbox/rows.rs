//! The statements on events and on who reads them.

use kontor_core::time::Timestamp;
use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use super::{EVENTS, Event};
use crate::{Error, Tx};

pub(super) const READERS: &str = "event_readers";

/// Where a reader stands.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) name: String,
    /// The number of the last event that it has had.
    pub(super) place: i64,
    pub(super) missed_through: Option<i64>,
    pub(super) epoch: i64,
    pub(super) owner: Option<Uuid>,
    pub(super) lease_until: Option<Timestamp>,
}

/// The readers that have a place, and the number of the last event.
pub(super) async fn outlook(tx: &mut Tx<'_>) -> Result<(Vec<Standing>, i64), Error> {
    let last = Query::select().expr(Expr::col("sequence").max()).from(tx.table(EVENTS)).take();
    let last = tx.fetch_one(&last).await?.get::<Option<i64>>(0)?.unwrap_or_default();
    Ok((standings(tx, None).await?, last))
}

/// Where a reader stands, which no other transaction changes until this one ends.
pub(super) async fn standing(tx: &mut Tx<'_>, name: &str) -> Result<Option<Standing>, Error> {
    Ok(standings(tx, Some(name)).await?.pop())
}

async fn standings(tx: &mut Tx<'_>, name: Option<&str>) -> Result<Vec<Standing>, Error> {
    let mut select = Query::select()
        .columns(["name", "place", "missed_through", "epoch", "lease_owner", "lease_until"])
        .from(tx.table(READERS))
        .and_where_option(name.map(|name| Expr::col("name").eq(name)))
        .take();
    if name.is_some() {
        tx.dialect().lock_rows(&mut select);
    }
    let rows = tx.fetch_all(&select).await?;
    let standing = |row: &crate::Row| {
        Ok(Standing {
            name: row.get(0)?,
            place: row.get(1)?,
            missed_through: row.get(2)?,
            epoch: row.get(3)?,
            owner: row.get(4)?,
            lease_until: row.get(5)?,
        })
    };
    rows.iter().map(standing).collect()
}

/// Writes where a reader stands.
pub(super) async fn put(tx: &mut Tx<'_>, is_new: bool, standing: &Standing) -> Result<(), Error> {
    let until = standing.lease_until.map(Timestamp::micros);
    if is_new {
        let insert = Query::insert()
            .into_table(tx.table(READERS))
            .columns(["name", "place", "missed_through", "epoch", "lease_owner", "lease_until"])
            .values_panic([
                standing.name.as_str().into(),
                standing.place.into(),
                standing.missed_through.into(),
                standing.epoch.into(),
                standing.owner.into(),
                until.into(),
            ])
            .take();
        tx.execute(&insert).await?;
    } else {
        let update = Query::update()
            .table(tx.table(READERS))
            .value("place", standing.place)
            .value("missed_through", standing.missed_through)
            .value("epoch", standing.epoch)
            .value("lease_owner", standing.owner)
            .value("lease_until", until)
            .and_where(Expr::col("name").eq(standing.name.as_str()))
            .take();
        tx.execute(&update).await?;
    }
    Ok(())
}

/// The numbers of the events behind a place that can be seen, in their order.
pub(super) async fn numbers(tx: &mut Tx<'_>, after: i64, limit: u64) -> Result<Vec<i64>, Error> {
    let select = Query::select()
        .column("sequence")
        .from(tx.table(EVENTS))
        .and_where(Expr::col("sequence").gt(after))
        .order_by("sequence", Order::Asc)
        .limit(limit)
        .take();
    tx.fetch_all(&select).await?.iter().map(|row| row.get(0)).collect()
}

/// The first events behind a place up to a number.
pub(super) async fn events(
    tx: &mut Tx<'_>,
    after: i64,
    through: i64,
    limit: u64,
) -> Result<Vec<Event>, Error> {
    let select = Query::select()
        .columns(["sequence", "id", "name", "object", "record_id", "action"])
        .from(tx.table(EVENTS))
        .and_where(Expr::col("sequence").gt(after))
        .and_where(Expr::col("sequence").lte(through))
        .order_by("sequence", Order::Asc)
        .limit(limit)
        .take();
    let rows = tx.fetch_all(&select).await?;
    let event = |row: &crate::Row| {
        Ok(Event {
            sequence: row.get(0)?,
            id: row.get(1)?,
            name: row.get(2)?,
            object: row.get(3)?,
            record: row.get(4)?,
            action: row.get(5)?,
        })
    };
    rows.iter().map(event).collect()
}
