use std::time::Duration;

use kontor_core::{
    ids::{ApprovalId, MemberId},
    time::Timestamp,
    turn::ApprovalQuestion,
};
use kontor_store::{Row, Tx};
use sea_query::{Condition, Expr, ExprTrait, Func, OnConflict, Order, Query, SelectStatement};
use uuid::Uuid;

use super::instant;
use crate::{
    error::Error,
    stored::{ApprovalStatus, ClientApproval},
};

const TABLE: &str = "client_approvals";

const COLUMNS: [&str; 13] = [
    "id",
    "client",
    "member_id",
    "fingerprint",
    "operation",
    "arguments",
    "question",
    "status",
    "requested_at",
    "expires_at",
    "resolved_at",
    "comment",
    "used_at",
];

/// How many are listed at most.
const LISTED: u64 = 200;
/// How long what became of a question is kept, and how many that are older one that is new removes.
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const REMOVED: u64 = 20;

/// Whose questions a member answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub member: MemberId,
    /// Those of programs that act for no member as well.
    pub of_programs: bool,
}

impl Asked {
    fn condition(self) -> Condition {
        let own = Expr::col("member_id").eq(self.member.as_uuid());
        let of_programs = self.of_programs.then(|| Expr::col("member_id").is_null());
        Condition::any().add(own).add_option(of_programs)
    }
}

fn decode(row: &Row, now: Timestamp) -> Result<ClientApproval, Error> {
    let (client, arguments, question): (String, String, String) = (row.get(1)?, row.get(5)?, row.get(6)?);
    let question: ApprovalQuestion = serde_json::from_str(&question)?;
    let (stored, expires_at): (ApprovalStatus, Timestamp) = (row.get(7)?, row.get(9)?);
    let used_at: Option<Timestamp> = row.get(12)?;
    let is_over = expires_at <= now && used_at.is_none();
    let status = match stored {
        ApprovalStatus::Pending | ApprovalStatus::Approved if is_over => ApprovalStatus::Expired,
        status => status,
    };
    Ok(ClientApproval {
        id: row.get(0)?,
        client: serde_json::from_str(&client)?,
        member: row.get(2)?,
        fingerprint: row.get(3)?,
        operation: row.get(4)?,
        arguments: serde_json::from_str(&arguments)?,
        why: question.reason.words(),
        question,
        status,
        requested_at: row.get(8)?,
        expires_at,
        resolved_at: row.get(10)?,
        comment: row.get::<Option<String>>(11)?.unwrap_or_default(),
        is_done: used_at.is_some(),
    })
}

/// Keeps a question; whether it is the only one under its key.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    owner: Uuid,
    key: Option<&str>,
    approval: &ClientApproval,
) -> Result<bool, Error> {
    let old = Condition::all().add(Expr::col("expires_at").lt(instant(approval.requested_at.minus(KEPT))));
    tx.delete_some(TABLE, &["id"], old, REMOVED).await?;
    if let Some(key) = key {
        // A key is good for as long as what was asked under it.
        let over = Query::delete()
            .from_table(tx.table(TABLE))
            .and_where(Expr::col("owner").eq(owner))
            .and_where(Expr::col("request_key").eq(key))
            .and_where(Expr::col("expires_at").lte(instant(approval.requested_at)))
            .take();
        tx.execute(&over).await?;
    }
    let insert = Query::insert()
        .into_table(tx.table(TABLE))
        .columns([
            "id",
            "owner",
            "client",
            "member_id",
            "request_key",
            "fingerprint",
            "operation",
            "arguments",
            "question",
            "status",
            "requested_at",
            "expires_at",
        ])
        .values_panic([
            Expr::val(approval.id.as_uuid()),
            Expr::val(owner),
            Expr::val(serde_json::to_string(&approval.client)?),
            Expr::val(approval.member.map(MemberId::as_uuid)),
            Expr::val(key.map(str::to_owned)),
            Expr::val(approval.fingerprint.as_str()),
            Expr::val(approval.operation.as_str()),
            Expr::val(approval.arguments.to_string()),
            Expr::val(serde_json::to_string(&approval.question)?),
            Expr::val(approval.status),
            Expr::val(instant(approval.requested_at)),
            Expr::val(instant(approval.expires_at)),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .take();
    Ok(tx.execute(&insert).await? == 1)
}

/// The question about a call that was asked last and still holds: under its key; without one, about the same call that
/// has had no effect yet.
pub(crate) async fn of_call(
    tx: &mut Tx<'_>,
    owner: Uuid,
    key: Option<&str>,
    fingerprint: &str,
    now: Timestamp,
) -> Result<Option<ClientApproval>, Error> {
    let mut select = select(tx);
    select.and_where(Expr::col("owner").eq(owner)).and_where(Expr::col("expires_at").gt(instant(now)));
    match key {
        Some(key) => select.and_where(Expr::col("request_key").eq(key)),
        None => select
            .and_where(Expr::col("fingerprint").eq(fingerprint))
            .and_where(Expr::col("request_key").is_null())
            .and_where(Expr::col("used_at").is_null()),
    };
    select.order_by("requested_at", Order::Desc).order_by("id", Order::Desc).limit(1);
    tx.fetch_optional(&select).await?.map(|row| decode(&row, now)).transpose()
}

/// A question of this owner.
pub(crate) async fn of_owner(
    tx: &mut Tx<'_>,
    owner: Uuid,
    id: ApprovalId,
    now: Timestamp,
) -> Result<Option<ClientApproval>, Error> {
    let mut select = select(tx);
    select.and_where(Expr::col("id").eq(id.as_uuid())).and_where(Expr::col("owner").eq(owner));
    tx.fetch_optional(&select).await?.map(|row| decode(&row, now)).transpose()
}

/// A question that this member answers.
pub(crate) async fn find(
    tx: &mut Tx<'_>,
    asked: Asked,
    id: ApprovalId,
    now: Timestamp,
) -> Result<Option<ClientApproval>, Error> {
    let mut select = select(tx);
    select.and_where(Expr::col("id").eq(id.as_uuid())).cond_where(asked.condition());
    tx.fetch_optional(&select).await?.map(|row| decode(&row, now)).transpose()
}

/// What a member answers, the latest first.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    asked: Asked,
    status: Option<ApprovalStatus>,
    now: Timestamp,
) -> Result<Vec<ClientApproval>, Error> {
    let mut select = select(tx);
    select.cond_where(asked.condition());
    match status {
        None => {}
        Some(ApprovalStatus::Pending) => {
            select
                .and_where(Expr::cust("status = 'pending'"))
                .and_where(Expr::col("expires_at").gt(instant(now)));
        }
        Some(ApprovalStatus::Expired) => {
            select
                .and_where(Expr::col("status").ne(ApprovalStatus::Denied))
                .and_where(Expr::col("used_at").is_null())
                .and_where(Expr::col("expires_at").lte(instant(now)));
        }
        Some(status) => {
            let holds = Expr::col("used_at").is_not_null().or(Expr::col("expires_at").gt(instant(now)));
            select.and_where(Expr::col("status").eq(status));
            if status == ApprovalStatus::Approved {
                select.and_where(holds);
            }
        }
    }
    select.order_by("requested_at", Order::Desc).order_by("id", Order::Desc).limit(LISTED);
    tx.fetch_all(&select).await?.iter().map(|row| decode(row, now)).collect()
}

/// How many wait for a member's word.
pub(crate) async fn count_waiting(tx: &mut Tx<'_>, asked: Asked, now: Timestamp) -> Result<u64, Error> {
    let select = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from(tx.table(TABLE))
        .cond_where(asked.condition())
        .and_where(Expr::cust("status = 'pending'"))
        .and_where(Expr::col("expires_at").gt(instant(now)))
        .take();
    let count: Option<i64> = tx.fetch_optional(&select).await?.map(|row| row.get(0)).transpose()?;
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
}

/// Answers one that waits; whether it did.
pub(crate) async fn resolve(
    tx: &mut Tx<'_>,
    id: ApprovalId,
    status: ApprovalStatus,
    by: MemberId,
    comment: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("status", status)
        .value("resolved_at", instant(now))
        .value("resolved_by", by.as_uuid())
        .value("comment", comment)
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .and_where(Expr::cust("status = 'pending'"))
        .and_where(Expr::col("expires_at").gt(instant(now)))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// The call that was agreed to had its effect.
pub(crate) async fn set_used(tx: &mut Tx<'_>, id: ApprovalId, now: Timestamp) -> Result<(), Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("used_at", instant(now))
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .and_where(Expr::col("used_at").is_null())
        .take();
    tx.execute(&update).await?;
    Ok(())
}

fn select(tx: &Tx<'_>) -> SelectStatement {
    Query::select().columns(COLUMNS).from(tx.table(TABLE)).take()
}
