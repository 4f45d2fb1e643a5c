//! `users` of the directory.

use kontor_core::{ids::UserId, time::Timestamp};
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait as _, Query};

use crate::Result;

#[derive(Debug, Clone)]
pub(crate) struct UserRow {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) password_hash: String,
}

pub(crate) async fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<UserRow>> {
    find(tx, Expr::col("email").eq(email)).await
}

pub(crate) async fn by_id(tx: &mut Tx<'_>, id: UserId) -> Result<Option<UserRow>> {
    find(tx, Expr::col("id").eq(id.as_uuid())).await
}

async fn find(tx: &mut Tx<'_>, condition: Expr) -> Result<Option<UserRow>> {
    let statement = Query::select()
        .columns(["id", "email", "name", "password_hash"])
        .from(tx.table("users"))
        .and_where(condition)
        .take();
    let row = tx.fetch_optional(&statement).await?;
    row.map(|row| {
        Ok(UserRow { id: row.get(0)?, email: row.get(1)?, name: row.get(2)?, password_hash: row.get(3)? })
    })
    .transpose()
}

pub(crate) async fn insert(tx: &mut Tx<'_>, user: &UserRow, now: Timestamp) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table("users"))
        .columns(["id", "email", "name", "password_hash", "created_at", "password_changed_at"])
        .values_panic([
            user.id.as_uuid().into(),
            user.email.as_str().into(),
            user.name.as_str().into(),
            user.password_hash.as_str().into(),
            now.micros().into(),
            now.micros().into(),
        ])
        .take();
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
        .table(tx.table("users"))
        .value("password_hash", password_hash)
        .value("password_changed_at", now.micros())
        .and_where(Expr::col("id").eq(user.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Keeps the same password's hash made at another cost, unless the password was changed meanwhile.
pub(crate) async fn renew_hash(tx: &mut Tx<'_>, user: &UserRow, password_hash: &str) -> Result<()> {
    let statement = Query::update()
        .table(tx.table("users"))
        .value("password_hash", password_hash)
        .and_where(Expr::col("id").eq(user.id.as_uuid()))
        .and_where(Expr::col("password_hash").eq(user.password_hash.as_str()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn delete(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let statement =
        Query::delete().from_table(tx.table("users")).and_where(Expr::col("id").eq(user.as_uuid())).take();
    tx.execute(&statement).await?;
    Ok(())
}
