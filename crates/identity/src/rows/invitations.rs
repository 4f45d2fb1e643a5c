//! `invitations` of a workspace: at most one an address. One that is taken or revoked is removed.

use kontor_core::{
    ids::{MemberId, RoleId},
    time::Timestamp,
};
use kontor_store::{TableRow as _, Tx, table_row};
use sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query};
use uuid::Uuid;

use crate::Result;

const TABLE: &str = "invitations";

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct InvitationRow in TABLE {
        pub(crate) id: Uuid,
        pub(crate) token_hash: String,
        pub(crate) email: String,
        pub(crate) name: Option<String>,
        pub(crate) role: RoleId = "role_id",
        /// Nobody where it was the operator.
        pub(crate) invited_by: Option<MemberId>,
        pub(crate) created_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

/// All of them, by address.
pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<InvitationRow>> {
    let statement = tx.select::<InvitationRow>().order_by("email", Order::Asc).take();
    Ok(tx.rows(&statement).await?)
}

/// The one with this hash that has not expired. With `to_take`, whoever else takes it waits, and finds it gone.
pub(crate) async fn by_token(
    tx: &mut Tx<'_>,
    hash: &str,
    now: Timestamp,
    to_take: bool,
) -> Result<Option<InvitationRow>> {
    let mut statement = tx.select::<InvitationRow>();
    statement.and_where(Expr::col("token_hash").eq(hash)).and_where(Expr::col("expires_at").gt(now.micros()));
    if to_take {
        tx.dialect().lock_rows(&mut statement);
    }
    Ok(tx.row(&statement).await?)
}

/// How many that have not expired are to a role.
pub(crate) async fn to_role(tx: &mut Tx<'_>, role: RoleId, now: Timestamp) -> Result<usize> {
    let mut statement = tx.select::<InvitationRow>();
    statement
        .and_where(Expr::col("role_id").eq(role.as_uuid()))
        .and_where(Expr::col("expires_at").gt(now.micros()));
    Ok(tx.rows::<InvitationRow>(&statement).await?.len())
}

pub(crate) async fn remove_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    let statement = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("expires_at").lte(now.micros()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Writes one in the place of that for the same address.
pub(crate) async fn put(tx: &mut Tx<'_>, row: &InvitationRow) -> Result<()> {
    let mut insert = tx.insertion(row, [])?;
    insert.on_conflict(
        OnConflict::column("email")
            .update_columns(["id", "token_hash", "name", "role_id", "invited_by", "created_at", "expires_at"])
            .to_owned(),
    );
    tx.execute(&insert).await?;
    Ok(())
}

/// Removes one; what it was, where it was there.
pub(crate) async fn remove(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<InvitationRow>> {
    let statement = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("id").eq(id))
        .returning(InvitationRow::returning())
        .take();
    Ok(tx.row(&statement).await?)
}
