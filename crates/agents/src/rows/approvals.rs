use kontor_core::{
    ids::{AgentId, ApprovalId, MemberId, SessionId, TurnId},
    time::Timestamp,
    turn::ApprovalQuestion,
};
use kontor_store::{Row, Tx};
use sea_query::{Expr, ExprTrait, Func, JoinType, Order, Query, SelectStatement};

use super::{agents::AgentNames, instant};
use crate::{
    error::Error,
    stored::{Approval, ApprovalStatus, ListedApproval},
};

const TABLE: &str = "approvals";

const COLUMNS: [&str; 14] = [
    "id",
    "session_id",
    "turn_id",
    "member_id",
    "step",
    "call_index",
    "operation",
    "arguments",
    "status",
    "requested_at",
    "expires_at",
    "resolved_at",
    "comment",
    "question",
];

/// How many approvals are listed at most.
const LISTED: u64 = 200;

fn decode(row: &Row) -> Result<Approval, Error> {
    let arguments: String = row.get(7)?;
    let question: Option<String> = row.get(13)?;
    // What was asked before questions were kept was about deletions.
    let question: ApprovalQuestion =
        question.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
    Ok(Approval {
        id: row.get(0)?,
        session: row.get(1)?,
        turn: row.get(2)?,
        member: row.get(3)?,
        step: number(row.get(4)?),
        index: number(row.get(5)?),
        operation: row.get(6)?,
        arguments: serde_json::from_str(&arguments)?,
        why: question.reason.words(),
        question,
        status: row.get(8)?,
        requested_at: row.get(9)?,
        expires_at: row.get(10)?,
        resolved_at: row.get(11)?,
        comment: row.get::<Option<String>>(12)?.unwrap_or_default(),
    })
}

fn number(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

/// Keeps approvals of the turn that this agent has.
pub(crate) async fn insert(tx: &mut Tx<'_>, agent: AgentId, approvals: &[Approval]) -> Result<(), Error> {
    let mut insert = Query::insert();
    insert.into_table(tx.table(TABLE)).columns([
        "id",
        "session_id",
        "turn_id",
        "member_id",
        "step",
        "call_index",
        "operation",
        "arguments",
        "status",
        "requested_at",
        "expires_at",
        "question",
        "agent_id",
    ]);
    for approval in approvals {
        insert.values_panic([
            Expr::val(approval.id.as_uuid()),
            Expr::val(approval.session.as_uuid()),
            Expr::val(approval.turn.as_uuid()),
            Expr::val(approval.member.as_uuid()),
            Expr::val(i64::from(approval.step)),
            Expr::val(i64::from(approval.index)),
            Expr::val(approval.operation.as_str()),
            Expr::val(approval.arguments.to_string()),
            Expr::val(approval.status),
            Expr::val(instant(approval.requested_at)),
            Expr::val(instant(approval.expires_at)),
            Expr::val(serde_json::to_string(&approval.question)?),
            Expr::val(agent.as_uuid()),
        ]);
    }
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn find(
    tx: &mut Tx<'_>,
    approval: ApprovalId,
    member: MemberId,
) -> Result<Option<Approval>, Error> {
    let mut select = select(tx);
    select
        .and_where(Expr::col("id").eq(approval.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()));
    tx.fetch_optional(&select).await?.as_ref().map(decode).transpose()
}

/// A member's approvals, the latest first, with what their session is called; none of a session that was deleted.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    member: MemberId,
    session: Option<SessionId>,
    status: Option<ApprovalStatus>,
) -> Result<Vec<ListedApproval>, Error> {
    let names = AgentNames::read(tx).await?;
    let of_session = Expr::col(("s", "id")).equals(("a", "session_id"));
    let of_turn = Expr::col(("t", "id")).equals(("a", "turn_id"));
    let select = Query::select()
        .columns(COLUMNS.map(|column| ("a", column)))
        .column(("s", "title"))
        // Older ones do not tell it. Then it is the turn's: its session may have gone to another since.
        .expr(Func::coalesce([("a", "agent_id"), ("t", "agent_id"), ("s", "agent_id")].map(Expr::col)))
        .from_as(tx.table(TABLE), "a")
        .join_as(JoinType::InnerJoin, tx.table("turns"), "t", of_turn)
        .join_as(JoinType::InnerJoin, tx.table("sessions"), "s", of_session)
        .and_where(Expr::col(("a", "member_id")).eq(member.as_uuid()))
        .and_where(Expr::col(("s", "deleted_at")).is_null())
        .and_where_option(session.map(|session| Expr::col(("a", "session_id")).eq(session.as_uuid())))
        .and_where_option(status.map(|status| match status {
            // Said as the index says it.
            ApprovalStatus::Pending => Expr::cust("a.status = 'pending'"),
            other => Expr::col(("a", "status")).eq(other),
        }))
        .order_by(("a", "requested_at"), Order::Desc)
        .order_by(("a", "id"), Order::Desc)
        .limit(LISTED)
        .take();
    let read = |row: &Row| {
        let agent = names.of(row.get(COLUMNS.len() + 1)?);
        Ok(ListedApproval { approval: decode(row)?, title: row.get(COLUMNS.len())?, agent })
    };
    tx.fetch_all(&select).await?.iter().map(read).collect()
}

/// How many wait for a member's word.
pub(crate) async fn count_waiting(tx: &mut Tx<'_>, member: MemberId) -> Result<u64, Error> {
    let select = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from(tx.table(TABLE))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::cust("status = 'pending'"))
        .take();
    let count: Option<i64> = tx.fetch_optional(&select).await?.map(|row| row.get(0)).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

/// Those nobody answered in time.
pub(crate) async fn overdue(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Approval>, Error> {
    let mut select = select(tx);
    select
        .and_where(Expr::cust("status = 'pending'"))
        .and_where(Expr::col("expires_at").lte(instant(now)))
        .order_by("expires_at", Order::Asc)
        .limit(LISTED);
    tx.fetch_all(&select).await?.iter().map(decode).collect()
}

/// When the next one expires.
pub(crate) async fn next_expiry(tx: &mut Tx<'_>) -> Result<Option<Timestamp>, Error> {
    let select = Query::select()
        .column("expires_at")
        .from(tx.table(TABLE))
        .and_where(Expr::cust("status = 'pending'"))
        .order_by("expires_at", Order::Asc)
        .limit(1)
        .take();
    Ok(tx.fetch_optional(&select).await?.map(|row| row.get(0)).transpose()?)
}

/// Answers one that is pending; whether it was.
pub(crate) async fn resolve(
    tx: &mut Tx<'_>,
    approval: ApprovalId,
    status: ApprovalStatus,
    by: Option<MemberId>,
    comment: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("status", status)
        .value("resolved_at", instant(now))
        .value("resolved_by", by.map(MemberId::as_uuid))
        .value("comment", comment)
        .and_where(Expr::col("id").eq(approval.as_uuid()))
        .and_where(Expr::cust("status = 'pending'"))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// How many of a turn wait for an answer.
pub(crate) async fn count_pending(tx: &mut Tx<'_>, turn: TurnId) -> Result<usize, Error> {
    let select = Query::select()
        .column("id")
        .from(tx.table(TABLE))
        .and_where(Expr::col("turn_id").eq(turn.as_uuid()))
        .and_where(Expr::cust("status = 'pending'"))
        .take();
    Ok(tx.fetch_all(&select).await?.len())
}

/// Closes those of a turn that ends before they were answered.
pub(crate) async fn close(tx: &mut Tx<'_>, turn: TurnId, now: Timestamp) -> Result<(), Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("status", ApprovalStatus::Expired)
        .value("resolved_at", instant(now))
        .and_where(Expr::col("turn_id").eq(turn.as_uuid()))
        .and_where(Expr::cust("status = 'pending'"))
        .take();
    tx.execute(&update).await?;
    Ok(())
}

fn select(tx: &Tx<'_>) -> SelectStatement {
    Query::select().columns(COLUMNS).from(tx.table(TABLE)).take()
}
