//! `eval_gates`.

use kontor_core::{actor::Actor, ids::AgentId, time::Timestamp};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, OnConflict, Query};

use crate::evaluations::{Error, Gate};

const TABLE: &str = "eval_gates";

table_row! {
    /// What a label of an agent takes.
    #[derive(Debug, Clone)]
    pub(in crate::evaluations) struct GateRow in TABLE {
        pub(in crate::evaluations) agent: AgentId = "agent_id",
        pub(in crate::evaluations) label: String,
        pub(in crate::evaluations) version: i64,
        pub(in crate::evaluations) gate: Gate as json,
        pub(in crate::evaluations) set_by: Actor as json,
        pub(in crate::evaluations) set_at: Timestamp,
    }
}

pub(in crate::evaluations) async fn find(
    tx: &mut Tx<'_>,
    agent: AgentId,
    label: &str,
) -> Result<Option<GateRow>, Error> {
    let mut select = tx.select::<GateRow>();
    select.and_where(Expr::col("agent_id").eq(agent.as_uuid())).and_where(Expr::col("label").eq(label));
    Ok(tx.row(&select).await?)
}

pub(in crate::evaluations) async fn put(tx: &mut Tx<'_>, row: &GateRow) -> Result<(), Error> {
    let mut insert = tx.insertion(row, [])?;
    insert.on_conflict(
        OnConflict::columns(["agent_id", "label"])
            .update_columns(["version", "gate", "set_by", "set_at"])
            .to_owned(),
    );
    tx.execute(&insert).await?;
    Ok(())
}

pub(in crate::evaluations) async fn remove(
    tx: &mut Tx<'_>,
    agent: AgentId,
    label: &str,
) -> Result<(), Error> {
    let delete = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .and_where(Expr::col("label").eq(label))
        .take();
    tx.execute(&delete).await?;
    Ok(())
}
