//! `agent_reviews`: moves of protected labels, and what a second person said to them.

use kontor_core::{
    actor::Actor,
    ids::{AgentId, ReviewId},
    time::Timestamp,
};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, Order, Query};

use super::instant;
use crate::{definition::Review, error::Error, stored::ReviewStatus};

const TABLE: &str = "agent_reviews";

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct ReviewRow in TABLE {
        pub(crate) id: ReviewId,
        pub(crate) agent: AgentId = "agent_id",
        pub(crate) label: String,
        pub(crate) version: i64,
        pub(crate) expected: Option<i64>,
        pub(crate) note: String,
        pub(crate) status: ReviewStatus,
        pub(crate) requested_by: Actor as json,
        pub(crate) requested_at: Timestamp,
        pub(crate) answered_by: Option<Actor> as json,
        pub(crate) answered_at: Option<Timestamp>,
        pub(crate) comment: String,
    }
}

impl From<ReviewRow> for Review {
    fn from(row: ReviewRow) -> Self {
        Self {
            id: row.id,
            label: row.label,
            version: row.version,
            expected: row.expected,
            note: row.note,
            status: row.status,
            requested_by: row.requested_by,
            requested_at: row.requested_at,
            answered_by: row.answered_by,
            answered_at: row.answered_at,
            comment: row.comment,
        }
    }
}

/// Those of an agent, the latest first.
pub(crate) async fn list(tx: &mut Tx<'_>, agent: AgentId, limit: u64) -> Result<Vec<ReviewRow>, Error> {
    let mut select = tx.select::<ReviewRow>();
    select
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .order_by("requested_at", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(limit);
    Ok(tx.rows(&select).await?)
}

pub(crate) async fn find(
    tx: &mut Tx<'_>,
    agent: AgentId,
    review: ReviewId,
) -> Result<Option<ReviewRow>, Error> {
    let mut select = tx.select::<ReviewRow>();
    select
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .and_where(Expr::col("id").eq(review.as_uuid()));
    Ok(tx.row(&select).await?)
}

/// Writes what was said to a review.
pub(crate) async fn answer(tx: &mut Tx<'_>, row: &ReviewRow) -> Result<(), Error> {
    let answered_by = row.answered_by.as_ref().map(serde_json::to_string).transpose()?;
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("status", row.status)
        .value("answered_by", answered_by)
        .value("answered_at", row.answered_at.map(instant))
        .value("comment", row.comment.as_str())
        .and_where(Expr::col("id").eq(row.id.as_uuid()))
        .take();
    tx.execute(&update).await?;
    Ok(())
}
