//! `settings` of a workspace: a JSON document for itself, and one for each member.

use kontor_core::{ids::MemberId, time::Timestamp};
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::Result;

const TABLE: &str = "settings";

/// Whose settings: the workspace's, or a member's.
pub(crate) fn scope(member: Option<MemberId>) -> Uuid {
    member.map_or_else(Uuid::nil, MemberId::as_uuid)
}

/// What is set; the defaults where nothing is. With `to_change`, whoever else changes it waits.
pub(crate) async fn get<S: DeserializeOwned + Default>(
    tx: &mut Tx<'_>,
    scope: Uuid,
    to_change: bool,
) -> Result<S> {
    let mut statement = Query::select()
        .column("document")
        .from(tx.table(TABLE))
        .and_where(Expr::col("scope").eq(scope))
        .take();
    if to_change {
        // A row that is not there cannot be locked.
        let empty = Query::insert()
            .into_table(tx.table(TABLE))
            .columns(["scope", "document", "changed_at"])
            .values_panic([scope.into(), "{}".into(), 0_i64.into()])
            .on_conflict(OnConflict::column("scope").do_nothing().to_owned())
            .take();
        tx.execute(&empty).await?;
        tx.dialect().lock_rows(&mut statement);
    }
    match tx.fetch_optional(&statement).await? {
        Some(row) => Ok(serde_json::from_str(&row.get::<String>(0)?)?),
        None => Ok(S::default()),
    }
}

/// Writes settings that were read to be changed.
pub(crate) async fn set(
    tx: &mut Tx<'_>,
    scope: Uuid,
    settings: &impl Serialize,
    now: Timestamp,
) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("document", serde_json::to_string(settings)?)
        .value("changed_at", now.micros())
        .and_where(Expr::col("scope").eq(scope))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
