//! `secrets` of a workspace.

use kontor_core::time::Timestamp;
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query};

use crate::Result;

const TABLE: &str = "secrets";

/// Names and what is sealed, by name.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>> {
    let statement =
        Query::select().columns(["name", "sealed"]).from(tx.table(TABLE)).order_by("name", Order::Asc).take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) async fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>> {
    let statement =
        Query::select().column("sealed").from(tx.table(TABLE)).and_where(Expr::col("name").eq(name)).take();
    Ok(tx.fetch_optional(&statement).await?.map(|row| row.get(0)).transpose()?)
}

pub(crate) async fn put(tx: &mut Tx<'_>, name: &str, sealed: &str, now: Timestamp) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table(TABLE))
        .columns(["name", "sealed", "changed_at"])
        .values_panic([name.into(), sealed.into(), now.micros().into()])
        .on_conflict(OnConflict::column("name").update_columns(["sealed", "changed_at"]).to_owned())
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Puts a secret in the place of the one that is kept, unless it was changed or removed meanwhile.
pub(crate) async fn replace(
    tx: &mut Tx<'_>,
    name: &str,
    sealed: &str,
    anew: &str,
    now: Timestamp,
) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("sealed", anew)
        .value("changed_at", now.micros())
        .and_where(Expr::col("name").eq(name))
        .and_where(Expr::col("sealed").eq(sealed))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    let statement = Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("name").eq(name)).take();
    tx.execute(&statement).await?;
    Ok(())
}
