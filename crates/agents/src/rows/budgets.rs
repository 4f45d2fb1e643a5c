//! `budgets`: what may be used up.

use kontor_core::{actor::Actor, time::Timestamp, usage::Spent};
use kontor_store::{TableRow as _, Tx, table_row};
use sea_query::{Expr, ExprTrait, OnConflict, Order, Query};

use crate::{error::Error, stored::BudgetScope};

const TABLE: &str = "budgets";

table_row! {
    /// A budget.
    #[derive(Debug, Clone, PartialEq)]
    pub(crate) struct BudgetRow in TABLE {
        pub(crate) scope: BudgetScope,
        /// The id of the agent or the member; empty for each that has none of its own, and where there is only one.
        pub(crate) subject: String,
        pub(crate) cost_micros: Option<i64>,
        pub(crate) tokens: Option<i64>,
        pub(crate) set_by: Actor as json,
        pub(crate) set_at: Timestamp,
    }
}

impl BudgetRow {
    /// Whether nothing is left of it.
    pub(crate) fn is_used_up(&self, spent: Spent) -> bool {
        self.is_out_of_tokens(spent) || self.is_out_of_money(spent)
    }

    pub(crate) fn is_out_of_tokens(&self, spent: Spent) -> bool {
        self.tokens().is_some_and(|limit| spent.tokens >= limit)
    }

    fn is_out_of_money(&self, spent: Spent) -> bool {
        self.cost_micros().is_some_and(|limit| spent.cost_micros >= limit)
    }

    pub(crate) fn tokens(&self) -> Option<u64> {
        self.tokens.and_then(|limit| u64::try_from(limit).ok())
    }

    pub(crate) fn cost_micros(&self) -> Option<u64> {
        self.cost_micros.and_then(|limit| u64::try_from(limit).ok())
    }
}

/// All of them, in the order of their names.
pub(crate) async fn list(tx: &mut Tx<'_>) -> Result<Vec<BudgetRow>, Error> {
    let mut select = tx.select::<BudgetRow>();
    select.order_by("scope", Order::Asc).order_by("subject", Order::Asc);
    Ok(tx.rows(&select).await?)
}

/// Sets it in the place of the one of the same scope and subject.
pub(crate) async fn put(tx: &mut Tx<'_>, budget: &BudgetRow) -> Result<(), Error> {
    let mut insert = tx.insertion(budget, [])?;
    let key = ["scope", "subject"];
    let others = BudgetRow::COLUMNS.iter().copied().filter(|column| !key.contains(column));
    insert.on_conflict(OnConflict::columns(key).update_columns(others).to_owned());
    tx.execute(&insert).await?;
    Ok(())
}

/// Whether there was one.
pub(crate) async fn remove(tx: &mut Tx<'_>, scope: BudgetScope, subject: &str) -> Result<bool, Error> {
    let delete = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("scope").eq(scope))
        .and_where(Expr::col("subject").eq(subject))
        .take();
    Ok(tx.execute(&delete).await? > 0)
}
