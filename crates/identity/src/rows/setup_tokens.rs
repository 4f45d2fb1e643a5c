//! `setup_tokens` of the directory: at most one.

use kontor_core::time::Timestamp;
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait as _, Query};

use crate::Result;

/// A token as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct SetupTokenRow {
    pub(crate) hash: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Puts a token in the place of the one there may be.
pub(crate) async fn replace(tx: &mut Tx<'_>, token: &SetupTokenRow) -> Result<()> {
    let clear = Query::delete().from_table(tx.table("setup_tokens")).take();
    tx.execute(&clear).await?;
    let statement = Query::insert()
        .into_table(tx.table("setup_tokens"))
        .columns(["token_hash", "created_at", "expires_at"])
        .values_panic([
            token.hash.as_str().into(),
            token.created_at.micros().into(),
            token.expires_at.micros().into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn find(tx: &mut Tx<'_>, hash: &str, now: Timestamp) -> Result<Option<SetupTokenRow>> {
    let statement = Query::select()
        .columns(["token_hash", "created_at", "expires_at"])
        .from(tx.table("setup_tokens"))
        .and_where(Expr::col("token_hash").eq(hash))
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .take();
    let row = tx.fetch_optional(&statement).await?;
    row.map(|row| Ok(SetupTokenRow { hash: row.get(0)?, created_at: row.get(1)?, expires_at: row.get(2)? }))
        .transpose()
}

/// Uses a token up; answers whether it was there.
pub(crate) async fn take(tx: &mut Tx<'_>, hash: &str, now: Timestamp) -> Result<bool> {
    let statement = Query::delete()
        .from_table(tx.table("setup_tokens"))
        .and_where(Expr::col("token_hash").eq(hash))
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .take();
    Ok(tx.execute(&statement).await? > 0)
}
