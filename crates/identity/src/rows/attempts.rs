//! `sign_in_attempts` of the directory.

use kontor_core::time::Timestamp;
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait as _, OnConflict, Query};

use crate::Result;

#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptRow {
    pub(crate) failures: u32,
    pub(crate) last_at: Timestamp,
    pub(crate) blocked_until: Timestamp,
}

/// The row is held until the transaction ends, so that attempts are counted one after another.
pub(crate) async fn find(tx: &mut Tx<'_>, subject: &str) -> Result<Option<AttemptRow>> {
    let mut statement = Query::select()
        .columns(["failures", "last_at", "blocked_until"])
        .from(tx.table("sign_in_attempts"))
        .and_where(Expr::col("subject").eq(subject))
        .take();
    tx.dialect().lock_rows(&mut statement);
    let row = tx.fetch_optional(&statement).await?;
    row.map(|row| Ok(AttemptRow { failures: row.get(0)?, last_at: row.get(1)?, blocked_until: row.get(2)? }))
        .transpose()
}

pub(crate) async fn put(tx: &mut Tx<'_>, subject: &str, row: AttemptRow) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table("sign_in_attempts"))
        .columns(["subject", "failures", "last_at", "blocked_until"])
        .values_panic([
            subject.into(),
            i64::from(row.failures).into(),
            row.last_at.micros().into(),
            row.blocked_until.micros().into(),
        ])
        .on_conflict(
            OnConflict::column("subject").update_columns(["failures", "last_at", "blocked_until"]).to_owned(),
        )
        .to_owned();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    let statement = Query::delete()
        .from_table(tx.table("sign_in_attempts"))
        .and_where(Expr::col("subject").eq(subject))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Removes what is too old to count.
pub(crate) async fn remove_before(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    let statement = Query::delete()
        .from_table(tx.table("sign_in_attempts"))
        .and_where(Expr::col("last_at").lt(before.micros()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
