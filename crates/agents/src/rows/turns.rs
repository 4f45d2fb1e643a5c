use std::collections::HashMap;

use kontor_core::{
    error::Problem,
    ids::{AgentId, MemberId, SessionId, TurnId},
    time::Timestamp,
};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, JoinType, Order, Query, SelectStatement, UpdateStatement};
use uuid::Uuid;

use super::instant;
use crate::{
    error::Error,
    stored::{SessionStatus, TurnStatus},
};

const TABLE: &str = "turns";

table_row! {
    /// A turn's row.
    #[derive(Debug, Clone)]
    pub(crate) struct TurnRow in TABLE {
        pub(crate) id: TurnId,
        pub(crate) session: SessionId = "session_id",
        pub(crate) member: MemberId = "member_id",
        pub(crate) position: i64,
        pub(crate) message: String,
        pub(crate) status: TurnStatus,
        pub(crate) cancel_requested: bool,
        pub(crate) cancelled_by: Option<MemberId>,
        pub(crate) problem: Option<Problem> as json,
        pub(crate) deadline_at: Option<Timestamp>,
        pub(crate) created_at: Timestamp,
        pub(crate) started_at: Option<Timestamp>,
        pub(crate) ended_at: Option<Timestamp>,
        /// The agent that has it; none of one that has not begun, or whose session awaits one.
        pub(crate) agent: Option<AgentId> = "agent_id",
        /// The version of the agent that it has; none of one that has not begun, or that an older Kontor began.
        pub(crate) agent_version: Option<i64>,
        /// What the member let the software do that began it; none of one that a member began in person.
        pub(crate) delegation: Option<Uuid> = "delegation_id",
    }
}

/// Whether a session has turns that were begun otherwise than under a delegation.
pub(crate) async fn has_others(tx: &mut Tx<'_>, session: SessionId, delegation: Uuid) -> Result<bool, Error> {
    let others = Expr::col("delegation_id").is_null().or(Expr::col("delegation_id").ne(delegation));
    let mut select = tx.select::<TurnRow>();
    select.and_where(Expr::col("session_id").eq(session.as_uuid())).and_where(others).limit(1);
    Ok(tx.row::<TurnRow>(&select).await?.is_some())
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    turn: &TurnRow,
    idempotency_key: Option<&str>,
) -> Result<(), Error> {
    let insert = tx.insertion(turn, [("idempotency_key", idempotency_key.into())])?;
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn find(tx: &mut Tx<'_>, turn: TurnId, member: MemberId) -> Result<Option<TurnRow>, Error> {
    let mut select = tx.select::<TurnRow>();
    select
        .and_where(Expr::col("id").eq(turn.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()));
    Ok(tx.row(&select).await?)
}

/// A turn, whosever it is.
pub(crate) async fn by_id(tx: &mut Tx<'_>, turn: TurnId) -> Result<Option<TurnRow>, Error> {
    let mut select = tx.select::<TurnRow>();
    select.and_where(Expr::col("id").eq(turn.as_uuid()));
    Ok(tx.row(&select).await?)
}

/// The turns of a session up to a place, in their order.
pub(crate) async fn up_to(tx: &mut Tx<'_>, session: SessionId, position: i64) -> Result<Vec<TurnRow>, Error> {
    let mut select = tx.select::<TurnRow>();
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("position").lte(position))
        .order_by("position", Order::Asc);
    Ok(tx.rows(&select).await?)
}

pub(crate) async fn find_by_key(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
    key: &str,
) -> Result<Option<TurnRow>, Error> {
    let mut select = tx.select::<TurnRow>();
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("idempotency_key").eq(key));
    Ok(tx.row(&select).await?)
}

/// The turns of a session that have not ended, in their order.
pub(crate) async fn open(tx: &mut Tx<'_>, session: SessionId) -> Result<Vec<TurnRow>, Error> {
    let select = select_open(tx, session);
    Ok(tx.rows(&select).await?)
}

/// The turn of a session whose turn it is.
pub(crate) async fn first_open(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<TurnRow>, Error> {
    let mut select = select_open(tx, session);
    select.limit(1);
    Ok(tx.row(&select).await?)
}

/// The last turn of a session.
pub(crate) async fn last(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<TurnRow>, Error> {
    let mut select = tx.select::<TurnRow>();
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .order_by("position", Order::Desc)
        .limit(1);
    Ok(tx.row(&select).await?)
}

/// The last message of a session before a turn that is none of these words.
pub(crate) async fn message_before(
    tx: &mut Tx<'_>,
    session: SessionId,
    turn: TurnId,
    words: &str,
) -> Result<Option<String>, Error> {
    let place = Query::select()
        .column("position")
        .from(tx.table(TABLE))
        .and_where(Expr::col("id").eq(turn.as_uuid()))
        .take();
    let select = Query::select()
        .column("message")
        .from(tx.table(TABLE))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("position").lt(Expr::from(place)))
        .and_where(Expr::col("message").ne(words))
        .order_by("position", Order::Desc)
        .limit(1)
        .take();
    Ok(tx.fetch_optional(&select).await?.map(|row| row.get(0)).transpose()?)
}

/// The sessions whose next turn can run: those that wait for an approval are not among them, nor those that
/// are paused before a turn that has not begun.
pub(crate) async fn due_sessions(tx: &mut Tx<'_>) -> Result<Vec<SessionId>, Error> {
    let select = Query::select()
        .columns([("t", "session_id"), ("t", "status"), ("t", "cancel_requested"), ("s", "status")])
        .from_as(tx.table(TABLE), "t")
        .join_as(
            JoinType::InnerJoin,
            tx.table("sessions"),
            "s",
            Expr::col(("s", "id")).equals(("t", "session_id")),
        )
        .and_where(Expr::col(("t", "ended_at")).is_null())
        .order_by(("t", "session_id"), Order::Asc)
        .order_by(("t", "position"), Order::Asc)
        .take();
    let mut due = Vec::new();
    let mut before = None;
    for row in tx.fetch_all(&select).await? {
        let session: SessionId = row.get(0)?;
        if before.replace(session) == Some(session) {
            continue;
        }
        let (turn, is_cancelled, status): (TurnStatus, bool, SessionStatus) =
            (row.get(1)?, row.get(2)?, row.get(3)?);
        let waits = turn == TurnStatus::WaitingForApproval;
        let is_held = turn == TurnStatus::Queued && !is_cancelled && status != SessionStatus::Active;
        if !waits && !is_held {
            due.push(session);
        }
    }
    Ok(due)
}

fn select_open(tx: &Tx<'_>, session: SessionId) -> SelectStatement {
    let mut select = tx.select::<TurnRow>();
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("ended_at").is_null())
        .order_by("position", Order::Asc);
    select
}

/// A turn is taken up; its time of running begins. The version of its agent, with which it ends as well, where it has
/// one by then.
pub(crate) async fn start(
    tx: &mut Tx<'_>,
    turn: TurnId,
    agent: Option<AgentId>,
    deadline_at: Timestamp,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    let mut update = update(tx, turn);
    update
        .value("status", TurnStatus::Running)
        .value("deadline_at", instant(deadline_at))
        .value("started_at", instant(now));
    match agent {
        Some(agent) => set_version(tx, update, agent).await,
        None => tx.execute(&update).await.map(|_| None).map_err(Error::from),
    }
}

/// A turn is this agent's; the version of it, with which it ends.
pub(crate) async fn set_agent(tx: &mut Tx<'_>, turn: TurnId, agent: AgentId) -> Result<Option<i64>, Error> {
    let update = update(tx, turn);
    set_version(tx, update, agent).await
}

async fn set_version(
    tx: &mut Tx<'_>,
    mut update: UpdateStatement,
    agent: AgentId,
) -> Result<Option<i64>, Error> {
    let present = Query::select()
        .column("version")
        .from(tx.table("agents"))
        .and_where(Expr::col("id").eq(agent.as_uuid()))
        .take();
    update
        .value("agent_id", agent.as_uuid())
        .value("agent_version", Expr::SubQuery(None, Box::new(present.into())))
        .returning_col("agent_version");
    let row = tx.fetch_optional(&update).await?;
    Ok(row.map(|row| row.get(0)).transpose()?.flatten())
}

/// The turns of a session that another agent had last than this one, each with that.
pub(crate) async fn of_other_agents(
    tx: &mut Tx<'_>,
    session: SessionId,
    agent: AgentId,
) -> Result<HashMap<TurnId, AgentId>, Error> {
    let select = Query::select()
        .columns(["id", "agent_id"])
        .from(tx.table(TABLE))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("agent_id").ne(agent.as_uuid()))
        .take();
    tx.fetch_all(&select).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) async fn set_status(
    tx: &mut Tx<'_>,
    turn: TurnId,
    status: TurnStatus,
    deadline_at: Option<Timestamp>,
) -> Result<(), Error> {
    let mut update = update(tx, turn);
    update.value("status", status).value("deadline_at", deadline_at.map(instant));
    tx.execute(&update).await?;
    Ok(())
}

pub(crate) async fn end(
    tx: &mut Tx<'_>,
    turn: TurnId,
    status: TurnStatus,
    problem: Option<&Problem>,
    now: Timestamp,
) -> Result<(), Error> {
    let problem = problem.map(serde_json::to_string).transpose()?;
    let mut update = update(tx, turn);
    update.value("status", status).value("ended_at", instant(now)).value("problem", problem);
    tx.execute(&update).await?;
    Ok(())
}

pub(crate) async fn request_cancel(tx: &mut Tx<'_>, turn: TurnId, by: MemberId) -> Result<(), Error> {
    let mut update = update(tx, turn);
    update.value("cancel_requested", true).value("cancelled_by", by.as_uuid());
    tx.execute(&update).await?;
    Ok(())
}

fn update(tx: &Tx<'_>, turn: TurnId) -> UpdateStatement {
    Query::update().table(tx.table(TABLE)).and_where(Expr::col("id").eq(turn.as_uuid())).take()
}
