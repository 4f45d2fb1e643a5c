//! Removing what is kept for a time only, a part at a time.

use kontor_core::time::Timestamp;
use sea_query::{Condition, Expr, ExprTrait as _, Query};

use crate::{BoxFuture, Error, Tx};

/// How many rows a part removes at most.
pub const PART: u64 = 1_000;

/// Removes rows that are older than an instant, [`PART`] at most; how many it removed.
pub type Prune = for<'t, 'c> fn(&'t mut Tx<'c>, Timestamp) -> BoxFuture<'t, Result<u64, Error>>;

impl Tx<'_> {
    /// Removes some of a table's rows that meet a condition, at most `limit`, and leaves to others what they are
    /// removing. `key` tells the rows apart.
    ///
    /// # Errors
    /// What the database said.
    pub async fn delete_some(
        &mut self,
        table: &str,
        key: &[&'static str],
        condition: Condition,
        limit: u64,
    ) -> Result<u64, Error> {
        let mut old = Query::select()
            .columns(key.iter().copied())
            .from(self.table(table))
            .cond_where(condition)
            .limit(limit)
            .take();
        self.dialect().claim_rows(&mut old);
        let key = Expr::tuple(key.iter().map(|column| Expr::col(*column)));
        let delete = Query::delete().from_table(self.table(table)).and_where(key.in_subquery(old)).take();
        self.execute(&delete).await
    }
}

/// Audit entries.
pub fn audit<'t>(tx: &'t mut Tx<'_>, before: Timestamp) -> BoxFuture<'t, Result<u64, Error>> {
    Box::pin(async move {
        let old = Condition::all().add(Expr::col("happened_at").lt(before.micros()));
        tx.delete_some("audit_entries", &["id"], old, PART).await
    })
}
