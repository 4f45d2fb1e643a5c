//! `setup_tokens` of the directory: at most one.

use kontor_core::time::Timestamp;
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Query};

use crate::Result;

const TABLE: &str = "setup_tokens";

table_row! {
    /// A token as it is kept.
    #[derive(Debug, Clone)]
    pub(crate) struct SetupTokenRow in TABLE {
        pub(crate) hash: String = "token_hash",
        pub(crate) created_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

/// Puts a token in the place of the one there may be.
pub(crate) async fn replace(tx: &mut Tx<'_>, token: &SetupTokenRow) -> Result<()> {
    let clear = Query::delete().from_table(tx.table(TABLE)).take();
    tx.execute(&clear).await?;
    Ok(tx.insert(token).await?)
}

pub(crate) async fn find(tx: &mut Tx<'_>, hash: &str, now: Timestamp) -> Result<Option<SetupTokenRow>> {
    let mut statement = tx.select::<SetupTokenRow>();
    statement.and_where(Expr::col("token_hash").eq(hash)).and_where(Expr::col("expires_at").gt(now.micros()));
    Ok(tx.row(&statement).await?)
}

/// Uses a token up; answers whether it was there.
pub(crate) async fn take(tx: &mut Tx<'_>, hash: &str, now: Timestamp) -> Result<bool> {
    let statement = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("token_hash").eq(hash))
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .take();
    Ok(tx.execute(&statement).await? > 0)
}
