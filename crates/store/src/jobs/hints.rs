//! The directory's hints of when a workspace has something to do: never later than the truth.

use std::collections::HashSet;

use kontor_core::{ids::WorkspaceId, time::Timestamp};
use sea_query::{Expr, ExprTrait, OnConflict, Query};

use crate::{Error, Tx, table_row};

const TABLE: &str = "due_times";

table_row! {
    /// A hint as it was read; it is changed only as long as it is the same.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Due in TABLE {
        pub(super) workspace: WorkspaceId = "workspace_id",
        pub(super) at: Timestamp = "due_at",
    }
}

/// The hints that are due.
pub(super) async fn due(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Due>, Error> {
    let mut select = tx.select::<Due>();
    select.and_where(Expr::col("due_at").lte(now.micros()));
    tx.rows(&select).await
}

/// Says that a workspace has something to do at once.
pub(super) async fn announce(tx: &mut Tx<'_>, workspace: WorkspaceId, now: Timestamp) -> Result<(), Error> {
    let insert = tx
        .insertion(&Due { workspace, at: now }, [])?
        .on_conflict(OnConflict::column("workspace_id").update_column("due_at").to_owned())
        .take();
    tx.execute(&insert).await?;
    Ok(())
}

/// Says that a workspace has something to do at an instant, unless it has before.
pub(super) async fn at_latest(tx: &mut Tx<'_>, workspace: WorkspaceId, at: Timestamp) -> Result<(), Error> {
    let sooner = Query::update()
        .table(tx.table(TABLE))
        .value("due_at", at.micros())
        .and_where(Expr::col("workspace_id").eq(workspace.as_uuid()))
        .and_where(Expr::col("due_at").gt(at.micros()))
        .take();
    if tx.execute(&sooner).await? == 0 {
        let insert = tx
            .insertion(&Due { workspace, at }, [])?
            .on_conflict(OnConflict::column("workspace_id").do_nothing().to_owned())
            .take();
        tx.execute(&insert).await?;
    }
    Ok(())
}

/// The workspaces that have a hint.
pub(super) async fn known(tx: &mut Tx<'_>) -> Result<HashSet<WorkspaceId>, Error> {
    let select = Query::select().column("workspace_id").from(tx.table(TABLE)).take();
    tx.fetch_all(&select).await?.iter().map(|row| row.get(0)).collect()
}

/// Puts a hint off until `next`, or removes it, unless it was renewed meanwhile.
pub(super) async fn settle(tx: &mut Tx<'_>, due: Due, next: Option<Timestamp>) -> Result<(), Error> {
    let same =
        Expr::col("workspace_id").eq(due.workspace.as_uuid()).and(Expr::col("due_at").eq(due.at.micros()));
    match next {
        Some(next) => {
            let update =
                Query::update().table(tx.table(TABLE)).value("due_at", next.micros()).and_where(same).take();
            tx.execute(&update).await?;
        }
        None => {
            let delete = Query::delete().from_table(tx.table(TABLE)).and_where(same).take();
            tx.execute(&delete).await?;
        }
    }
    Ok(())
}
