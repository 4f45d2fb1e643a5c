//! `memberships` of the directory: which workspaces a user belongs to. What they may do there and whether the
//! membership is active, the workspace itself knows.

use kontor_core::{
    ids::{MemberId, UserId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait as _, JoinType, Order, Query};

use crate::{Result, WorkspaceSummary};

#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(crate) workspace: WorkspaceSummary,
    pub(crate) member: MemberId,
}

/// The workspaces of a user that can be signed in to, by name.
pub(crate) async fn of_user(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<Membership>> {
    let statement = Query::select()
        .columns([("w", "id"), ("w", "name"), ("m", "member_id")])
        .from_as(tx.table("memberships"), "m")
        .join_as(
            JoinType::InnerJoin,
            tx.table("workspaces"),
            "w",
            Expr::col(("w", "id")).equals(("m", "workspace_id")),
        )
        .and_where(Expr::col(("m", "user_id")).eq(user.as_uuid()))
        .and_where(Expr::col(("w", "status")).eq("active"))
        .order_by(("w", "name_folded"), Order::Asc)
        .take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter()
        .map(|row| {
            let workspace = WorkspaceSummary { id: row.get(0)?, name: row.get(1)? };
            Ok(Membership { workspace, member: row.get(2)? })
        })
        .collect()
}

/// The membership of a user in one workspace.
pub(crate) async fn find(tx: &mut Tx<'_>, workspace: WorkspaceId, user: UserId) -> Result<Option<MemberId>> {
    let statement = Query::select()
        .column("member_id")
        .from(tx.table("memberships"))
        .and_where(Expr::col("workspace_id").eq(workspace.as_uuid()))
        .and_where(Expr::col("user_id").eq(user.as_uuid()))
        .take();
    Ok(tx.fetch_optional(&statement).await?.map(|row| row.get(0)).transpose()?)
}

/// Whether a user belongs to any workspace, one that is being created included.
pub(crate) async fn has_any(tx: &mut Tx<'_>, user: UserId) -> Result<bool> {
    let statement = Query::select()
        .column("member_id")
        .from(tx.table("memberships"))
        .and_where(Expr::col("user_id").eq(user.as_uuid()))
        .limit(1)
        .take();
    Ok(tx.fetch_optional(&statement).await?.is_some())
}

/// In how many workspaces a user has a membership, active or not.
pub(crate) async fn count(tx: &mut Tx<'_>, user: UserId) -> Result<usize> {
    let statement = Query::select()
        .column("member_id")
        .from(tx.table("memberships"))
        .and_where(Expr::col("user_id").eq(user.as_uuid()))
        .take();
    Ok(tx.fetch_all(&statement).await?.len())
}

/// When the members of a workspace were last seen, as far as they ever were.
pub(crate) async fn last_seen(tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<Vec<(MemberId, Timestamp)>> {
    let statement = Query::select()
        .columns(["member_id", "last_seen_at"])
        .from(tx.table("memberships"))
        .and_where(Expr::col("workspace_id").eq(workspace.as_uuid()))
        .and_where(Expr::col("last_seen_at").is_not_null())
        .take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Notes that a member was here.
pub(crate) async fn note_seen(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    member: MemberId,
    now: Timestamp,
) -> Result<()> {
    let statement = Query::update()
        .table(tx.table("memberships"))
        .value("last_seen_at", now.micros())
        .and_where(Expr::col("workspace_id").eq(workspace.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Who made the workspace: its earliest member.
pub(crate) async fn founder(tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<Option<(UserId, MemberId)>> {
    let statement = Query::select()
        .columns(["user_id", "member_id"])
        .from(tx.table("memberships"))
        .and_where(Expr::col("workspace_id").eq(workspace.as_uuid()))
        .order_by("created_at", Order::Asc)
        .order_by("member_id", Order::Asc)
        .limit(1)
        .take();
    let row = tx.fetch_optional(&statement).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    user: UserId,
    member: MemberId,
    now: Timestamp,
) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table("memberships"))
        .columns(["user_id", "workspace_id", "member_id", "created_at"])
        .values_panic([
            user.as_uuid().into(),
            workspace.as_uuid().into(),
            member.as_uuid().into(),
            now.micros().into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
