//! `roles` of a workspace.

use kontor_core::{ids::RoleId, time::Timestamp};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Order, Query};
use serde_json::Value as Json;

use crate::{Result, Role, roles::ADMIN};

const TABLE: &str = "roles";

const COLUMNS: [&str; 9] =
    ["id", "name", "label", "description", "grants", "is_standard", "version", "changed_by", "changed_at"];

/// Every role, by name.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<(RoleId, Role)>> {
    let statement =
        Query::select().columns(COLUMNS).from(tx.table(TABLE)).order_by("name", Order::Asc).take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter()
        .map(|row| {
            let (name, is_standard): (String, bool) = (row.get(1)?, row.get(5)?);
            let changed_by: Option<String> = row.get(7)?;
            let changed_at: Option<i64> = row.get(8)?;
            let role = Role {
                is_fixed: is_standard && name == ADMIN,
                name,
                label: row.get(2)?,
                description: row.get(3)?,
                grants: serde_json::from_str(&row.get::<String>(4)?)?,
                is_standard,
                version: row.get(6)?,
                changed_by: changed_by.map(|actor| serde_json::from_str(&actor)).transpose()?,
                changed_at: changed_at.map(Timestamp::from_micros),
            };
            Ok((row.get(0)?, role))
        })
        .collect()
}

pub(crate) async fn insert(tx: &mut Tx<'_>, id: RoleId, role: &Role) -> Result<()> {
    let changed_by = role.changed_by.as_ref().map(serde_json::to_string).transpose()?;
    let statement = Query::insert()
        .into_table(tx.table(TABLE))
        .columns(COLUMNS)
        .values_panic([
            id.as_uuid().into(),
            role.name.as_str().into(),
            role.label.as_str().into(),
            role.description.as_str().into(),
            serde_json::to_string(&role.grants)?.into(),
            role.is_standard.into(),
            role.version.into(),
            changed_by.into(),
            role.changed_at.map(Timestamp::micros).into(),
        ])
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Writes what a role is from now on.
pub(crate) async fn update(tx: &mut Tx<'_>, id: RoleId, role: &Role) -> Result<()> {
    let changed_by = role.changed_by.as_ref().map(serde_json::to_string).transpose()?;
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("label", role.label.as_str())
        .value("description", role.description.as_str())
        .value("grants", serde_json::to_string(&role.grants)?)
        .value("version", role.version)
        .value("changed_by", changed_by)
        .value("changed_at", role.changed_at.map(Timestamp::micros))
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx<'_>, id: RoleId) -> Result<()> {
    let statement =
        Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("id").eq(id.as_uuid())).take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Has whoever else changes what members may do wait, and begin anew after this transaction: on PostgreSQL a row that
/// was written since the other's snapshot fails it, where one that was locked alone would not.
pub(crate) async fn stand_in_line(tx: &mut Tx<'_>) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("version", Expr::col("version"))
        .and_where(Expr::col("is_standard").eq(true))
        .and_where(Expr::col("name").eq(ADMIN))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

table_row! {
    /// A role as it is stored, whatever version wrote it.
    pub(crate) struct StoredRole in TABLE {
        pub(crate) id: RoleId,
        pub(crate) name: String,
        pub(crate) is_standard: bool,
        pub(crate) grants: Json as json,
    }
}

/// Every role as it is stored.
pub(crate) async fn stored(tx: &mut Tx<'_>) -> Result<Vec<StoredRole>> {
    let statement = tx.select::<StoredRole>();
    Ok(tx.rows(&statement).await?)
}

/// What a role allows from now on.
pub(crate) async fn set_grants(tx: &mut Tx<'_>, id: RoleId, grants: &Json) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("grants", grants.to_string())
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
