//! `api_keys` of a workspace. One that is revoked is removed.

use kontor_core::{actor::Actor, ids::RoleId, scope::Patterns, time::Timestamp};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Order, Query};
use uuid::Uuid;

use crate::Result;

const TABLE: &str = "api_keys";

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct ApiKeyRow in TABLE {
        pub(crate) id: Uuid,
        pub(crate) key_hash: String,
        /// The end of the key, by which people tell keys apart.
        pub(crate) hint: String,
        pub(crate) name: String,
        pub(crate) role: RoleId = "role_id",
        pub(crate) scopes: Patterns as json,
        /// Addresses and networks; from anywhere where it is empty.
        pub(crate) networks: Vec<String> as json,
        pub(crate) created_by: Actor as json,
        pub(crate) created_at: Timestamp,
        pub(crate) expires_at: Option<Timestamp>,
        pub(crate) last_used_at: Option<Timestamp>,
    }
}

/// All of them, the newest first.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<ApiKeyRow>> {
    let statement =
        tx.select::<ApiKeyRow>().order_by("created_at", Order::Desc).order_by("id", Order::Desc).take();
    Ok(tx.rows(&statement).await?)
}

pub(crate) async fn by_id(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<ApiKeyRow>> {
    let statement = tx.select::<ApiKeyRow>().and_where(Expr::col("id").eq(id)).take();
    Ok(tx.row(&statement).await?)
}

pub(crate) async fn by_hash(tx: &mut Tx<'_>, hash: &str) -> Result<Option<ApiKeyRow>> {
    let statement = tx.select::<ApiKeyRow>().and_where(Expr::col("key_hash").eq(hash)).take();
    Ok(tx.row(&statement).await?)
}

/// The names of those that have a role, by name.
pub(crate) async fn with_role(tx: &mut Tx<'_>, role: RoleId) -> Result<Vec<String>> {
    let statement = tx
        .select::<ApiKeyRow>()
        .and_where(Expr::col("role_id").eq(role.as_uuid()))
        .order_by("name", Order::Asc)
        .order_by("id", Order::Asc)
        .take();
    Ok(tx.rows::<ApiKeyRow>(&statement).await?.into_iter().map(|row| row.name).collect())
}

pub(crate) async fn insert(tx: &mut Tx<'_>, row: &ApiKeyRow) -> Result<()> {
    Ok(tx.insert(row).await?)
}

pub(crate) async fn note_use(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("last_used_at", now.micros())
        .and_where(Expr::col("id").eq(id))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    let statement = Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("id").eq(id)).take();
    tx.execute(&statement).await?;
    Ok(())
}
