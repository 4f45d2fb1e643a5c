use kontor_core::{
    error::Problem,
    ids::{MemberId, SessionId, TurnId},
    time::Timestamp,
};
use kontor_store::{Row, Tx};
use sea_query::{Expr, ExprTrait, JoinType, Order, Query, SelectStatement, UpdateStatement};

use super::instant;
use crate::{
    error::Error,
    stored::{SessionStatus, TurnStatus},
};

const TABLE: &str = "turns";

const COLUMNS: [&str; 13] = [
    "id",
    "session_id",
    "member_id",
    "position",
    "message",
    "status",
    "cancel_requested",
    "cancelled_by",
    "problem",
    "deadline_at",
    "created_at",
    "started_at",
    "ended_at",
];

/// A turn's row.
#[derive(Debug, Clone)]
pub(crate) struct TurnRow {
    pub(crate) id: TurnId,
    pub(crate) session: SessionId,
    pub(crate) member: MemberId,
    pub(crate) position: i64,
    pub(crate) message: String,
    pub(crate) status: TurnStatus,
    pub(crate) cancel_requested: bool,
    pub(crate) cancelled_by: Option<MemberId>,
    pub(crate) problem: Option<Problem>,
    pub(crate) deadline_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

impl TurnRow {
    fn decode(row: &Row) -> Result<Self, Error> {
        let problem: Option<String> = row.get(8)?;
        Ok(Self {
            id: row.get(0)?,
            session: row.get(1)?,
            member: row.get(2)?,
            position: row.get(3)?,
            message: row.get(4)?,
            status: row.get(5)?,
            cancel_requested: row.get(6)?,
            cancelled_by: row.get(7)?,
            problem: problem.map(|text| serde_json::from_str(&text)).transpose()?,
            deadline_at: row.get(9)?,
            created_at: row.get(10)?,
            started_at: row.get(11)?,
            ended_at: row.get(12)?,
        })
    }
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    turn: &TurnRow,
    idempotency_key: Option<&str>,
) -> Result<(), Error> {
    let insert = Query::insert()
        .into_table(tx.table(TABLE))
        .columns([
            "id",
            "session_id",
            "member_id",
            "position",
            "message",
            "status",
            "idempotency_key",
            "cancel_requested",
            "created_at",
        ])
        .values_panic([
            Expr::val(turn.id.as_uuid()),
            Expr::val(turn.session.as_uuid()),
            Expr::val(turn.member.as_uuid()),
            Expr::val(turn.position),
            Expr::val(turn.message.as_str()),
            Expr::val(turn.status),
            Expr::val(idempotency_key),
            Expr::val(turn.cancel_requested),
            Expr::val(instant(turn.created_at)),
        ])
        .take();
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn find(tx: &mut Tx<'_>, turn: TurnId, member: MemberId) -> Result<Option<TurnRow>, Error> {
    let mut select = select(tx);
    select
        .and_where(Expr::col("id").eq(turn.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()));
    one(tx, &select).await
}

pub(crate) async fn find_by_key(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
    key: &str,
) -> Result<Option<TurnRow>, Error> {
    let mut select = select(tx);
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("idempotency_key").eq(key));
    one(tx, &select).await
}

/// The turns of a session that have not ended, in their order.
pub(crate) async fn open(tx: &mut Tx<'_>, session: SessionId) -> Result<Vec<TurnRow>, Error> {
    let select = select_open(tx, session);
    tx.fetch_all(&select).await?.iter().map(TurnRow::decode).collect()
}

/// The turn of a session whose turn it is.
pub(crate) async fn first_open(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<TurnRow>, Error> {
    let mut select = select_open(tx, session);
    select.limit(1);
    one(tx, &select).await
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
    let mut select = select(tx);
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("ended_at").is_null())
        .order_by("position", Order::Asc);
    select
}

/// A turn is taken up; its time of running begins.
pub(crate) async fn start(
    tx: &mut Tx<'_>,
    turn: TurnId,
    deadline_at: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let mut update = update(tx, turn);
    update
        .value("status", TurnStatus::Running)
        .value("deadline_at", instant(deadline_at))
        .value("started_at", instant(now));
    tx.execute(&update).await?;
    Ok(())
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

fn select(tx: &Tx<'_>) -> SelectStatement {
    Query::select().columns(COLUMNS).from(tx.table(TABLE)).take()
}

fn update(tx: &Tx<'_>, turn: TurnId) -> UpdateStatement {
    Query::update().table(tx.table(TABLE)).and_where(Expr::col("id").eq(turn.as_uuid())).take()
}

async fn one(tx: &mut Tx<'_>, select: &SelectStatement) -> Result<Option<TurnRow>, Error> {
    tx.fetch_optional(select).await?.as_ref().map(TurnRow::decode).transpose()
}
