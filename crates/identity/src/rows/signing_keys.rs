//! `signing_keys` of the directory.

use kontor_core::time::Timestamp;
use kontor_store::{TableRow as _, Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Order, Query};

use crate::Result;

table_row! {
    #[derive(Clone)]
    pub(crate) struct KeyRow in "signing_keys" {
        pub(crate) number: i64,
        pub(crate) kid: String,
        pub(crate) sealed_key: String,
    }
}

/// Every key, the newest last.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<KeyRow>> {
    let mut statement = tx.select::<KeyRow>();
    statement.order_by("number", Order::Asc);
    Ok(tx.rows(&statement).await?)
}

/// Replaces how a key is sealed.
pub(crate) async fn reseal(tx: &mut Tx<'_>, key: &KeyRow) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(KeyRow::TABLE))
        .value("sealed_key", key.sealed_key.as_str())
        .and_where(Expr::col("number").eq(key.number))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn insert(tx: &mut Tx<'_>, key: &KeyRow, now: Timestamp) -> Result<()> {
    let statement = tx.insertion(key, [("created_at", now.micros().into())])?;
    tx.execute(&statement).await?;
    Ok(())
}
