//! `password_resets` of the directory: at most one a user. One that is used is removed.

use kontor_core::{
    ids::{MemberId, UserId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::{TableRow as _, Tx, table_row};
use sea_query::{Expr, ExprTrait as _, OnConflict, Query};

use crate::Result;

const TABLE: &str = "password_resets";

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct PasswordResetRow in TABLE {
        pub(crate) user: UserId = "user_id",
        pub(crate) token_hash: String,
        /// Whose admin made it; nothing where it was the operator.
        pub(crate) workspace: Option<WorkspaceId> = "workspace_id",
        pub(crate) made_by: Option<MemberId>,
        pub(crate) created_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

/// Writes one in the place of the user's former.
pub(crate) async fn put(tx: &mut Tx<'_>, row: &PasswordResetRow) -> Result<()> {
    let mut insert = tx.insertion(row, [])?;
    insert.on_conflict(
        OnConflict::column("user_id")
            .update_columns(["token_hash", "workspace_id", "made_by", "created_at", "expires_at"])
            .to_owned(),
    );
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn by_token(
    tx: &mut Tx<'_>,
    hash: &str,
    now: Timestamp,
) -> Result<Option<PasswordResetRow>> {
    let mut statement = tx.select::<PasswordResetRow>();
    statement.and_where(Expr::col("token_hash").eq(hash)).and_where(Expr::col("expires_at").gt(now.micros()));
    Ok(tx.row(&statement).await?)
}

/// Uses one up; what it was, where it was there.
pub(crate) async fn take(tx: &mut Tx<'_>, hash: &str, now: Timestamp) -> Result<Option<PasswordResetRow>> {
    let statement = Query::delete()
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("token_hash").eq(hash))
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .returning(PasswordResetRow::returning())
        .take();
    Ok(tx.row(&statement).await?)
}

/// Removes the one of a user, who has set a password by another way.
pub(crate) async fn remove(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let statement =
        Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("user_id").eq(user.as_uuid())).take();
    tx.execute(&statement).await?;
    Ok(())
}
