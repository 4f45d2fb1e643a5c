//! `views`: views as they are stored, whoever may see them.

use kontor_core::{
    actor::Actor,
    ids::{MemberId, ViewId},
    time::Timestamp,
};
use kontor_store::{TableRow as _, Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Order as Direction, Query};
use serde_json::Value as Json;

use super::{Column, Order, ViewType, Visibility};
use crate::Error;

const TABLE: &str = "views";

table_row! {
    #[derive(Debug, Clone, PartialEq)]
    pub(super) struct ViewRow in TABLE {
        pub(super) id: ViewId,
        pub(super) object: String,
        pub(super) name: String,
        pub(super) kind: ViewType = "type",
        pub(super) group_by: Option<String>,
        pub(super) filter: Option<Json> as json,
        pub(super) sort: Option<Order> as json,
        pub(super) columns: Option<Vec<Column>> as json,
        pub(super) visibility: Visibility,
        pub(super) icon: String,
        pub(super) position: i64,
        pub(super) owner: Option<MemberId> = "owner_id",
        pub(super) created_by: Actor as json,
        pub(super) updated_by: Actor as json,
        pub(super) version: i64,
        pub(super) created_at: Timestamp,
        pub(super) updated_at: Timestamp,
    }
}

/// Every view of an object, or of all, in their order.
pub(super) async fn all(tx: &mut Tx<'_>, object: Option<&str>) -> Result<Vec<ViewRow>, Error> {
    let mut select = tx.select::<ViewRow>();
    select
        .and_where_option(object.map(|object| Expr::col("object").eq(object)))
        .order_by("object", Direction::Asc)
        .order_by("position", Direction::Asc)
        .order_by("id", Direction::Asc);
    Ok(tx.rows(&select).await?)
}

pub(super) async fn find(tx: &mut Tx<'_>, id: ViewId) -> Result<Option<ViewRow>, Error> {
    let mut select = tx.select::<ViewRow>();
    select.and_where(Expr::col("id").eq(id.as_uuid()));
    Ok(tx.row(&select).await?)
}

pub(super) async fn insert(tx: &mut Tx<'_>, row: &ViewRow) -> Result<(), Error> {
    let insert = tx.insertion(row, [])?;
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes a row that is there anew, if it is at the version before its own; whether it was.
pub(super) async fn update(tx: &mut Tx<'_>, row: &ViewRow) -> Result<bool, Error> {
    let cells = ViewRow::COLUMNS.iter().copied().zip(row.cells()?);
    let statement = Query::update()
        .table(tx.table(TABLE))
        .values(cells.map(|(column, cell)| (column, Expr::val(cell))))
        .and_where(Expr::col("id").eq(row.id.as_uuid()))
        .and_where(Expr::col("version").eq(row.version - 1))
        .take();
    Ok(tx.execute(&statement).await? > 0)
}

pub(super) async fn delete(tx: &mut Tx<'_>, id: ViewId) -> Result<(), Error> {
    let statement =
        Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("id").eq(id.as_uuid())).take();
    tx.execute(&statement).await?;
    Ok(())
}
