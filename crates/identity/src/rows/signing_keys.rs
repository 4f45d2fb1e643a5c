//! `signing_keys` of the directory.

use kontor_core::time::Timestamp;
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait as _, Order, Query};

use crate::Result;

#[derive(Clone)]
pub(crate) struct KeyRow {
    pub(crate) number: i64,
    pub(crate) kid: String,
    pub(crate) sealed_key: String,
}

/// Every key, the newest last.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<KeyRow>> {
    let statement = Query::select()
        .columns(["number", "kid", "sealed_key"])
        .from(tx.table("signing_keys"))
        .order_by("number", Order::Asc)
        .take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter()
        .map(|row| Ok(KeyRow { number: row.get(0)?, kid: row.get(1)?, sealed_key: row.get(2)? }))
        .collect()
}

/// Replaces how a key is sealed.
pub(crate) async fn reseal(tx: &mut Tx<'_>, key: &KeyRow) -> Result<()> {
    let statement = Query::update()
        .table(tx.table("signing_keys"))
        .value("sealed_key", key.sealed_key.as_str())
        .and_where(Expr::col("number").eq(key.number))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn insert(tx: &mut Tx<'_>, key: &KeyRow, now: Timestamp) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table("signing_keys"))
        .columns(["number", "kid", "sealed_key", "created_at"])
        .values_panic([
            key.number.into(),
            key.kid.as_str().into(),
            key.sealed_key.as_str().into(),
            now.micros().into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
