//! `eval_trials`.

use kontor_core::time::Timestamp;
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, Order};
use uuid::Uuid;

use crate::{
    evaluations::{CaseFilter, Error},
    run::{TrialKey, TrialRecord},
};

const TABLE: &str = "eval_trials";

table_row! {
    /// A trial that has ended.
    #[derive(Debug, Clone)]
    pub(in crate::evaluations) struct TrialRow in TABLE {
        pub(in crate::evaluations) run: Uuid = "run_id",
        /// From 1, as they ended.
        pub(in crate::evaluations) number: i64,
        pub(in crate::evaluations) dataset: String,
        pub(in crate::evaluations) case: String = "case_name",
        pub(in crate::evaluations) attacked: bool,
        pub(in crate::evaluations) trial: u32,
        pub(in crate::evaluations) passed: bool,
        /// This one with those before it.
        pub(in crate::evaluations) passed_so_far: i64,
        pub(in crate::evaluations) record: TrialRecord as json,
        pub(in crate::evaluations) ended_at: Timestamp,
    }
}

impl TrialRow {
    pub(in crate::evaluations) fn key(&self) -> TrialKey {
        self.record.key.clone()
    }
}

/// Those of a run behind a number, in their order.
pub(in crate::evaluations) async fn after(
    tx: &mut Tx<'_>,
    run: Uuid,
    number: i64,
    limit: u64,
) -> Result<Vec<TrialRow>, Error> {
    let mut select = tx.select::<TrialRow>();
    select
        .and_where(Expr::col("run_id").eq(run))
        .and_where(Expr::col("number").gt(number))
        .order_by("number", Order::Asc)
        .limit(limit);
    Ok(tx.rows(&select).await?)
}

/// Those of a run that a filter lets through, in their order.
pub(in crate::evaluations) async fn matching(
    tx: &mut Tx<'_>,
    run: Uuid,
    filter: &CaseFilter,
    limit: u64,
) -> Result<Vec<TrialRow>, Error> {
    let mut select = tx.select::<TrialRow>();
    select.and_where(Expr::col("run_id").eq(run)).and_where(Expr::col("number").gt(filter.after));
    if let Some(case) = &filter.case {
        select.and_where(Expr::col("case_name").eq(case.as_str()));
    }
    if let Some(passed) = filter.passed {
        select.and_where(Expr::col("passed").eq(passed));
    }
    select.order_by("number", Order::Asc).limit(limit);
    Ok(tx.rows(&select).await?)
}

/// All of a run, in their order.
pub(in crate::evaluations) async fn all(tx: &mut Tx<'_>, run: Uuid) -> Result<Vec<TrialRow>, Error> {
    after(tx, run, 0, u64::from(u32::MAX)).await
}
