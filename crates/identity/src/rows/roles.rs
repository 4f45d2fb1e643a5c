//! `roles` of a workspace.

use kontor_core::ids::RoleId;
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Order, Query};
use serde_json::Value as Json;

use crate::{Result, Role};

const TABLE: &str = "roles";

/// Every role, by name.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<(RoleId, Role)>> {
    let statement = Query::select()
        .columns(["id", "name", "label", "description", "grants", "is_standard"])
        .from(tx.table(TABLE))
        .order_by("name", Order::Asc)
        .take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter()
        .map(|row| {
            let role = Role {
                name: row.get(1)?,
                label: row.get(2)?,
                description: row.get(3)?,
                grants: serde_json::from_str(&row.get::<String>(4)?)?,
                is_standard: row.get(5)?,
            };
            Ok((row.get(0)?, role))
        })
        .collect()
}

pub(crate) async fn insert(tx: &mut Tx<'_>, id: RoleId, role: &Role) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table(TABLE))
        .columns(["id", "name", "label", "description", "grants", "is_standard"])
        .values_panic([
            id.as_uuid().into(),
            role.name.as_str().into(),
            role.label.as_str().into(),
            role.description.as_str().into(),
            serde_json::to_string(&role.grants)?.into(),
            role.is_standard.into(),
        ])
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
