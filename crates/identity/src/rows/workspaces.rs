//! `workspaces` of the directory.

use kontor_core::{ids::WorkspaceId, text::fold, time::Timestamp};
use kontor_store::{Registered, Row, Tx};
use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};

use crate::{Result, WorkspaceSummary};

const CREATING: &str = "creating";
const ACTIVE: &str = "active";

/// The workspaces that can be signed in to, by name.
pub(crate) async fn active(tx: &mut Tx<'_>) -> Result<Vec<WorkspaceSummary>> {
    let statement = select(tx, ACTIVE);
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(summary).collect()
}

/// A workspace that can be signed in to.
pub(crate) async fn find_active(tx: &mut Tx<'_>, id: WorkspaceId) -> Result<Option<WorkspaceSummary>> {
    let statement = select(tx, ACTIVE).and_where(Expr::col("id").eq(id.as_uuid())).take();
    tx.fetch_optional(&statement).await?.as_ref().map(summary).transpose()
}

/// Whether the directory knows a workspace, made or not.
pub(crate) async fn is_registered(tx: &mut Tx<'_>, id: WorkspaceId) -> Result<bool> {
    let statement = Query::select()
        .column("id")
        .from(tx.table("workspaces"))
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .take();
    Ok(tx.fetch_optional(&statement).await?.is_some())
}

/// Whether there is a workspace that can be signed in to.
pub(crate) async fn any_active(tx: &mut Tx<'_>) -> Result<bool> {
    let statement = select(tx, ACTIVE).limit(1).take();
    Ok(tx.fetch_optional(&statement).await?.is_some())
}

/// The workspaces whose creation has not come to its end.
pub(crate) async fn creating(tx: &mut Tx<'_>) -> Result<Vec<WorkspaceSummary>> {
    let statement = select(tx, CREATING);
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(summary).collect()
}

/// Every workspace that the directory knows.
pub(crate) async fn registered(tx: &mut Tx<'_>) -> Result<Vec<Registered>, kontor_store::Error> {
    let statement = Query::select().columns(["id", "status"]).from(tx.table("workspaces")).take();
    let rows = tx.fetch_all(&statement).await?;
    let registered = rows.iter().map(|row| {
        let status: String = row.get(1)?;
        Ok(Registered { id: row.get(0)?, is_made: status == ACTIVE })
    });
    registered.collect()
}

fn select(tx: &Tx<'_>, status: &str) -> SelectStatement {
    Query::select()
        .columns(["id", "name"])
        .from(tx.table("workspaces"))
        .and_where(Expr::col("status").eq(status))
        .order_by("name_folded", Order::Asc)
        .take()
}

fn summary(row: &Row) -> Result<WorkspaceSummary> {
    Ok(WorkspaceSummary { id: row.get(0)?, name: row.get(1)? })
}

/// The workspaces whose creation began before that time and has not come to its end.
pub(crate) async fn creating_since(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<WorkspaceSummary>> {
    let mut statement = select(tx, CREATING);
    statement.and_where(Expr::col("created_at").lte(before.micros()));
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(summary).collect()
}

/// Writes a workspace that is still being created.
pub(crate) async fn insert(tx: &mut Tx<'_>, workspace: &WorkspaceSummary, now: Timestamp) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table("workspaces"))
        .columns(["id", "name", "name_folded", "status", "created_at"])
        .values_panic([
            workspace.id.as_uuid().into(),
            workspace.name.as_str().into(),
            fold(&workspace.name).into(),
            CREATING.into(),
            now.micros().into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn activate(tx: &mut Tx<'_>, id: WorkspaceId) -> Result<()> {
    let statement = Query::update()
        .table(tx.table("workspaces"))
        .value("status", ACTIVE)
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Removes it with its memberships.
pub(crate) async fn delete(tx: &mut Tx<'_>, id: WorkspaceId) -> Result<()> {
    let statement =
        Query::delete().from_table(tx.table("workspaces")).and_where(Expr::col("id").eq(id.as_uuid())).take();
    tx.execute(&statement).await?;
    Ok(())
}
