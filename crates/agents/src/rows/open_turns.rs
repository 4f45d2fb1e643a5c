//! The turns that have not ended, with the lease of their session.

use kontor_core::{
    ids::{AgentId, MemberId, SessionId, TurnId},
    time::Timestamp,
};
use kontor_store::{Row, Tx};
use sea_query::{Cond, Expr, ExprTrait, JoinType, Order, Query};
use uuid::Uuid;

use crate::{
    error::Error,
    stored::{SessionStatus, TurnStatus},
};

/// A turn with what its session says of it.
pub(crate) struct OpenRow {
    pub(crate) id: TurnId,
    pub(crate) session: SessionId,
    pub(crate) member: MemberId,
    pub(crate) message: String,
    pub(crate) status: TurnStatus,
    pub(crate) cancel_requested: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) deadline_at: Option<Timestamp>,
    /// Whose session it is.
    pub(crate) owner: MemberId,
    /// None where one is still to be chosen.
    pub(crate) agent: Option<AgentId>,
    pub(crate) title: Option<String>,
    pub(crate) session_status: SessionStatus,
    pub(crate) epoch: i64,
    pub(crate) lease_owner: Option<Uuid>,
    pub(crate) lease_until: Option<Timestamp>,
}

fn read(row: &Row) -> Result<OpenRow, Error> {
    Ok(OpenRow {
        id: row.get(0)?,
        session: row.get(1)?,
        member: row.get(2)?,
        message: row.get(3)?,
        status: row.get(4)?,
        cancel_requested: row.get(5)?,
        created_at: row.get(6)?,
        started_at: row.get(7)?,
        deadline_at: row.get(8)?,
        owner: row.get(9)?,
        agent: row.get::<Option<AgentId>>(16)?.or((!row.get::<bool>(17)?).then_some(row.get(10)?)),
        title: row.get(11)?,
        session_status: row.get(12)?,
        epoch: row.get(13)?,
        lease_owner: row.get(14)?,
        lease_until: row.get(15)?,
    })
}

/// The turns that have not ended, by session and place; those of one member and their sessions, where one is given.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    member: Option<MemberId>,
    limit: u64,
) -> Result<Vec<OpenRow>, Error> {
    let turn = ["id", "session_id", "member_id", "message", "status", "cancel_requested", "created_at"];
    let session = ["member_id", "agent_id", "title", "status", "epoch", "lease_owner", "lease_until"];
    let mut select = Query::select();
    select
        .columns(turn.map(|column| ("t", column)))
        .columns([("t", "started_at"), ("t", "deadline_at")])
        .columns(session.map(|column| ("s", column)))
        .columns([("t", "agent_id"), ("s", "awaits_agent")])
        .from_as(tx.table("turns"), "t")
        .join_as(
            JoinType::InnerJoin,
            tx.table("sessions"),
            "s",
            Expr::col(("s", "id")).equals(("t", "session_id")),
        )
        .and_where(Expr::col(("t", "ended_at")).is_null())
        .order_by(("t", "session_id"), Order::Asc)
        .order_by(("t", "position"), Order::Asc)
        .limit(limit);
    if let Some(member) = member {
        let theirs = |table: &'static str| Expr::col((table, "member_id")).eq(member.as_uuid());
        select.cond_where(Cond::any().add(theirs("t")).add(theirs("s")));
    }
    tx.fetch_all(&select).await?.iter().map(read).collect()
}
