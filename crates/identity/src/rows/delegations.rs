//! `delegations` of the directory: what members let software do for them. One that ends is removed.

use kontor_core::{
    ids::{AgentId, MemberId, SignInId, UserId, WorkspaceId},
    scope::Patterns,
    time::Timestamp,
};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use crate::Result;

const TABLE: &str = "delegations";

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct DelegationRow in TABLE {
        pub(crate) id: Uuid,
        /// The one that it was made of.
        pub(crate) parent: Option<Uuid> = "parent_id",
        /// The sign-in that it was made of, with which it ends.
        pub(crate) sign_in: Option<SignInId> = "sign_in_id",
        pub(crate) user: UserId = "user_id",
        pub(crate) workspace: WorkspaceId = "workspace_id",
        pub(crate) member: MemberId = "member_id",
        /// An agent of the workspace, by whose role and operations it is bounded.
        pub(crate) agent: Option<AgentId> = "agent_id",
        /// The program that a member let in.
        pub(crate) client: Option<String> = "client_id",
        /// What the software is called.
        pub(crate) name: String,
        /// How many it was made of, one of the other.
        pub(crate) depth: i64,
        pub(crate) scope: Patterns as json,
        pub(crate) audience: String,
        pub(crate) refresh_lookup: Option<String>,
        pub(crate) refresh_secret: Option<String>,
        pub(crate) created_at: Timestamp,
        pub(crate) used_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

pub(crate) async fn live(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<Option<DelegationRow>> {
    let statement = tx
        .select::<DelegationRow>()
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .take();
    Ok(tx.row(&statement).await?)
}

/// The one with this refresh token that has not expired; its row is held until the transaction ends.
pub(crate) async fn by_refresh(
    tx: &mut Tx<'_>,
    lookup: &str,
    now: Timestamp,
) -> Result<Option<DelegationRow>> {
    let mut statement = tx.select::<DelegationRow>();
    statement
        .and_where(Expr::col("refresh_lookup").eq(lookup))
        .and_where(Expr::col("expires_at").gt(now.micros()));
    tx.dialect().lock_rows(&mut statement);
    Ok(tx.row(&statement).await?)
}

/// Those of a member that have not expired and were made of no other, the one used last first.
pub(crate) async fn of_member(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    member: MemberId,
    now: Timestamp,
) -> Result<Vec<DelegationRow>> {
    let statement = tx
        .select::<DelegationRow>()
        .and_where(Expr::col("workspace_id").eq(workspace.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("parent_id").is_null())
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .order_by("used_at", Order::Desc)
        .order_by("id", Order::Desc)
        .take();
    Ok(tx.rows(&statement).await?)
}

pub(crate) async fn insert(tx: &mut Tx<'_>, row: &DelegationRow) -> Result<()> {
    Ok(tx.insert(row).await?)
}

/// Notes a renewal, which puts the end off.
pub(crate) async fn renew(
    tx: &mut Tx<'_>,
    id: Uuid,
    refresh_secret: Option<&str>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("refresh_secret", refresh_secret.map(str::to_owned))
        .value("used_at", now.micros())
        .value("expires_at", expires_at.micros())
        .and_where(Expr::col("id").eq(id))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Ends one, and what was made of it; answers whether it was there.
pub(crate) async fn end(tx: &mut Tx<'_>, id: Uuid) -> Result<bool> {
    delete(tx, Expr::col("id").eq(id)).await
}

/// Ends one of a member's.
pub(crate) async fn end_of(
    tx: &mut Tx<'_>,
    workspace: WorkspaceId,
    member: MemberId,
    id: Uuid,
) -> Result<bool> {
    let theirs =
        Expr::col("workspace_id").eq(workspace.as_uuid()).and(Expr::col("member_id").eq(member.as_uuid()));
    delete(tx, theirs.and(Expr::col("id").eq(id))).await
}

pub(crate) async fn remove_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    delete(tx, Expr::col("expires_at").lte(now.micros())).await.map(drop)
}

async fn delete(tx: &mut Tx<'_>, condition: Expr) -> Result<bool> {
    let statement = Query::delete().from_table(tx.table(TABLE)).and_where(condition).take();
    Ok(tx.execute(&statement).await? > 0)
}
