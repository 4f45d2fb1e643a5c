//! `members` of a workspace, read with their roles.

use kontor_core::{
    grants::Grants,
    ids::{MemberId, RoleId, UserId},
    time::Timestamp,
};
use kontor_store::{Row, Tx};
use sea_query::{Expr, ExprTrait as _, JoinType, Order, Query, SelectStatement};

use crate::{MemberProfile, MemberStatus, MemberSummary, Result};

/// A member with what their role grants.
pub(crate) struct MemberRow {
    pub(crate) user: UserId,
    pub(crate) summary: MemberSummary,
    pub(crate) grants: Grants,
}

/// What of a member is changed, with the version that the change makes.
pub(crate) struct MemberUpdate<'u> {
    pub(crate) name: &'u str,
    pub(crate) role: Option<RoleId>,
    pub(crate) status: MemberStatus,
    pub(crate) version: i64,
    /// The name of whoever changes it.
    pub(crate) by: &'u str,
}

/// Every member, by name.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<MemberSummary>> {
    let mut statement = select(tx);
    statement.order_by(("m", "name"), Order::Asc).order_by(("m", "id"), Order::Asc);
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(summary).collect()
}

/// The members who have a role, by name.
pub(crate) async fn with_role(tx: &mut Tx<'_>, role: RoleId) -> Result<Vec<(MemberId, String)>> {
    let statement = Query::select()
        .columns(["id", "name"])
        .from(tx.table("members"))
        .and_where(Expr::col("role_id").eq(role.as_uuid()))
        .order_by("name", Order::Asc)
        .order_by("id", Order::Asc)
        .take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) async fn find(tx: &mut Tx<'_>, id: MemberId) -> Result<Option<MemberRow>> {
    let mut statement = select(tx);
    statement.and_where(Expr::col(("m", "id")).eq(id.as_uuid()));
    let row = tx.fetch_optional(&statement).await?;
    row.map(|row| {
        Ok(MemberRow {
            summary: summary(&row)?,
            user: row.get(9)?,
            grants: serde_json::from_str(&row.get::<String>(10)?)?,
        })
    })
    .transpose()
}

fn select(tx: &Tx<'_>) -> SelectStatement {
    Query::select()
        .columns([
            ("m", "id"),
            ("m", "name"),
            ("m", "email"),
            ("m", "status"),
            ("r", "name"),
            ("m", "created_at"),
            ("m", "version"),
            ("m", "changed_by"),
            ("m", "changed_at"),
            ("m", "user_id"),
            ("r", "grants"),
        ])
        .from_as(tx.table("members"), "m")
        .join_as(JoinType::InnerJoin, tx.table("roles"), "r", Expr::col(("r", "id")).equals(("m", "role_id")))
        .take()
}

fn summary(row: &Row) -> Result<MemberSummary> {
    Ok(MemberSummary {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        // What is not known to be active is not.
        status: MemberStatus::from_word(&row.get::<String>(3)?).unwrap_or(MemberStatus::Inactive),
        role: row.get(4)?,
        created_at: row.get(5)?,
        version: row.get(6)?,
        changed_by: row.get(7)?,
        changed_at: row.get(8)?,
        last_seen_at: None,
        hand_over: None,
    })
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    profile: &MemberProfile,
    user: UserId,
    role: RoleId,
    now: Timestamp,
) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table("members"))
        .columns(["id", "user_id", "name", "email", "role_id", "status", "created_at"])
        .values_panic([
            profile.id.as_uuid().into(),
            user.as_uuid().into(),
            profile.name.as_str().into(),
            profile.email.as_str().into(),
            role.as_uuid().into(),
            MemberStatus::Active.into(),
            now.micros().into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn update(
    tx: &mut Tx<'_>,
    id: MemberId,
    change: &MemberUpdate<'_>,
    now: Timestamp,
) -> Result<()> {
    let mut statement = Query::update();
    statement
        .table(tx.table("members"))
        .value("name", change.name)
        .value("status", change.status)
        .value("version", change.version)
        .value("changed_by", change.by)
        .value("changed_at", now.micros())
        .and_where(Expr::col("id").eq(id.as_uuid()));
    if let Some(role) = change.role {
        statement.value("role_id", role.as_uuid());
    }
    tx.execute(&statement).await?;
    Ok(())
}
