//! `users` of the directory.

use kontor_core::{ids::UserId, time::Timestamp};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Query};

use crate::Result;

const TABLE: &str = "users";

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct UserRow in TABLE {
        pub(crate) id: UserId,
        pub(crate) email: String,
        pub(crate) name: String,
        pub(crate) password_hash: String,
    }
}

pub(crate) async fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<UserRow>> {
    find(tx, Expr::col("email").eq(email)).await
}

pub(crate) async fn by_id(tx: &mut Tx<'_>, id: UserId) -> Result<Option<UserRow>> {
    find(tx, Expr::col("id").eq(id.as_uuid())).await
}

async fn find(tx: &mut Tx<'_>, condition: Expr) -> Result<Option<UserRow>> {
    let mut statement = tx.select::<UserRow>();
    statement.and_where(condition);
    Ok(tx.row(&statement).await?)
}

pub(crate) async fn insert(tx: &mut Tx<'_>, user: &UserRow, now: Timestamp) -> Result<()> {
    let now = now.micros();
    let statement = tx.insertion(user, [("created_at", now.into()), ("password_changed_at", now.into())])?;
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn set_password(
    tx: &mut Tx<'_>,
    user: UserId,
    password_hash: &str,
    now: Timestamp,
) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("password_hash", password_hash)
        .value("password_changed_at", now.micros())
        .and_where(Expr::col("id").eq(user.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn rename(tx: &mut Tx<'_>, user: UserId, name: &str) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("name", name)
        .and_where(Expr::col("id").eq(user.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Keeps the same password's hash made at another cost, unless the password was changed meanwhile.
pub(crate) async fn renew_hash(tx: &mut Tx<'_>, user: &UserRow, password_hash: &str) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("password_hash", password_hash)
        .and_where(Expr::col("id").eq(user.id.as_uuid()))
        .and_where(Expr::col("password_hash").eq(user.password_hash.as_str()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let statement =
        Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("id").eq(user.as_uuid())).take();
    tx.execute(&statement).await?;
    Ok(())
}
