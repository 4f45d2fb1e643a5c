//! The turns that have not ended, with the lease of their session.

use kontor_core::{
    ids::{AgentId, MemberId, SessionId, TurnId},
    time::Timestamp,
};
use kontor_store::{Row, Tx};
use sea_query::{Cond, Expr, ExprTrait, JoinType, Order, Query};
use uuid::Uuid;

use crate::{
    definition::AgentLimits,
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
    /// By what the installation allows.
    pub(crate) deadline_at: Option<Timestamp>,
    /// What the agent that has it allows.
    pub(crate) limits: AgentLimits,
    /// Its place in its session.
    pub(crate) position: i64,
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
    let limits: Option<String> = row.get(17)?;
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
        position: row.get(9)?,
        owner: row.get(10)?,
        agent: row.get::<Option<AgentId>>(18)?.or((!row.get::<bool>(19)?).then_some(row.get(11)?)),
        title: row.get(12)?,
        session_status: row.get(13)?,
        epoch: row.get(14)?,
        lease_owner: row.get(15)?,
        lease_until: row.get(16)?,
        limits: limits.map(|limits| serde_json::from_str(&limits)).transpose()?.unwrap_or_default(),
    })
}

/// Where a list of turns goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct After {
    pub(crate) session: SessionId,
    pub(crate) position: i64,
}

/// The turns that have not ended, by session and place; those of one member and their sessions, where one is given.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    member: Option<MemberId>,
    after: Option<After>,
    limit: u64,
) -> Result<Vec<OpenRow>, Error> {
    let turn = ["id", "session_id", "member_id", "message", "status", "cancel_requested", "created_at"];
    let session = ["member_id", "agent_id", "title", "status", "epoch", "lease_owner", "lease_until"];
    let begun_with = Expr::col(("v", "agent_id"))
        .equals(("t", "agent_id"))
        .and(Expr::col(("v", "number")).equals(("t", "agent_version")));
    let mut select = Query::select();
    select
        .columns(turn.map(|column| ("t", column)))
        .columns([("t", "started_at"), ("t", "deadline_at"), ("t", "position")])
        .columns(session.map(|column| ("s", column)))
        .column(("v", "limits"))
        .columns([("t", "agent_id"), ("s", "awaits_agent")])
        .from_as(tx.table("turns"), "t")
        .join_as(
            JoinType::InnerJoin,
            tx.table("sessions"),
            "s",
            Expr::col(("s", "id")).equals(("t", "session_id")),
        )
        .join_as(JoinType::LeftJoin, tx.table("agent_versions"), "v", begun_with)
        .and_where(Expr::col(("t", "ended_at")).is_null())
        .order_by(("t", "session_id"), Order::Asc)
        .order_by(("t", "position"), Order::Asc)
        .limit(limit);
    if let Some(After { session, position }) = after {
        let same = Cond::all()
            .add(Expr::col(("t", "session_id")).eq(session.as_uuid()))
            .add(Expr::col(("t", "position")).gt(position));
        select.cond_where(Cond::any().add(Expr::col(("t", "session_id")).gt(session.as_uuid())).add(same));
    }
    if let Some(member) = member {
        let theirs = |table: &'static str| Expr::col((table, "member_id")).eq(member.as_uuid());
        select.cond_where(Cond::any().add(theirs("t")).add(theirs("s")));
    }
    tx.fetch_all(&select).await?.iter().map(read).collect()
}
