//! `sign_in_attempts` of the directory.

use kontor_core::time::Timestamp;
use kontor_store::{TableRow as _, Tx, table_row};
use sea_query::{Expr, ExprTrait as _, OnConflict, Query};

use crate::Result;

const TABLE: &str = "sign_in_attempts";

table_row! {
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct AttemptRow in TABLE {
        pub(crate) failures: u32,
        pub(crate) last_at: Timestamp,
    }
}

/// The row is held until the transaction ends, so that attempts are counted one after another.
pub(crate) async fn find(tx: &mut Tx<'_>, subject: &str) -> Result<Option<AttemptRow>> {
    let mut statement = tx.select::<AttemptRow>();
    statement.and_where(Expr::col("subject").eq(subject));
    tx.dialect().lock_rows(&mut statement);
    Ok(tx.row(&statement).await?)
}

pub(crate) async fn put(tx: &mut Tx<'_>, subject: &str, row: AttemptRow) -> Result<()> {
    let statement = tx
        .insertion(&row, [("subject", subject.into())])?
        .on_conflict(
            OnConflict::column("subject").update_columns(AttemptRow::COLUMNS.iter().copied()).to_owned(),
        )
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    delete(tx, Expr::col("subject").eq(subject)).await
}

/// Removes every subject whose name begins so; `beginning` ends in a colon.
pub(crate) async fn remove_beginning(tx: &mut Tx<'_>, beginning: &str) -> Result<()> {
    // A semicolon is what follows a colon in the order of bytes.
    let end = format!("{};", beginning.trim_end_matches(':'));
    let begins = Expr::col("subject").gte(beginning).and(Expr::col("subject").lt(end));
    delete(tx, begins).await
}

/// Removes what is too old to count, and what is said to lie so far ahead that a clock must have been wrong.
pub(crate) async fn keep_between(tx: &mut Tx<'_>, first: Timestamp, last: Timestamp) -> Result<()> {
    let old = Expr::col("last_at").lt(first.micros());
    delete(tx, old.or(Expr::col("last_at").gt(last.micros()))).await
}

async fn delete(tx: &mut Tx<'_>, condition: Expr) -> Result<()> {
    let statement = Query::delete().from_table(tx.table(TABLE)).and_where(condition).take();
    tx.execute(&statement).await?;
    Ok(())
}
