//! `oauth_clients` and `oauth_codes` of the directory.

use kontor_core::{
    ids::{MemberId, UserId, WorkspaceId},
    scope::Patterns,
    time::Timestamp,
};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait as _, Func, Query};
use uuid::Uuid;

use crate::Result;

const CLIENTS: &str = "oauth_clients";
const CODES: &str = "oauth_codes";

table_row! {
    /// A program that registered itself.
    #[derive(Debug, Clone)]
    pub(crate) struct ClientRow in CLIENTS {
        pub(crate) id: String,
        pub(crate) name: String,
        pub(crate) redirect_uris: Vec<String> as json,
        pub(crate) created_at: Timestamp,
        /// When somebody let it in last.
        pub(crate) used_at: Option<Timestamp>,
    }
}

table_row! {
    /// What a member agreed to, until it is fetched.
    #[derive(Debug, Clone)]
    pub(crate) struct CodeRow in CODES {
        pub(crate) code_hash: String,
        pub(crate) client: String = "client_id",
        pub(crate) client_name: String,
        pub(crate) redirect_uri: String,
        /// The SHA-256 of the verifier (RFC 7636).
        pub(crate) challenge: String,
        pub(crate) user: UserId = "user_id",
        pub(crate) workspace: WorkspaceId = "workspace_id",
        pub(crate) member: MemberId = "member_id",
        pub(crate) scope: Patterns as json,
        pub(crate) audience: String,
        /// What came of it, once it was used.
        pub(crate) delegation: Option<Uuid> = "delegation_id",
        pub(crate) expires_at: Timestamp,
    }
}

pub(crate) async fn client(tx: &mut Tx<'_>, id: &str) -> Result<Option<ClientRow>> {
    let statement = tx.select::<ClientRow>().and_where(Expr::col("id").eq(id)).take();
    Ok(tx.row(&statement).await?)
}

pub(crate) async fn count_clients(tx: &mut Tx<'_>) -> Result<i64> {
    let statement = Query::select().expr(Func::count(Expr::col("id"))).from(tx.table(CLIENTS)).take();
    Ok(tx.fetch_one(&statement).await?.get(0)?)
}

pub(crate) async fn insert_client(tx: &mut Tx<'_>, row: &ClientRow) -> Result<()> {
    Ok(tx.insert(row).await?)
}

/// Notes that somebody let a program in; of one that did not register itself there is nothing to note.
pub(crate) async fn note_client(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(CLIENTS))
        .value("used_at", now.micros())
        .and_where(Expr::col("id").eq(id))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

/// Removes those that registered before an instant and that nobody let in.
pub(crate) async fn remove_unused_clients(tx: &mut Tx<'_>, before: Timestamp) -> Result<()> {
    let statement = Query::delete()
        .from_table(tx.table(CLIENTS))
        .and_where(Expr::col("used_at").is_null())
        .and_where(Expr::col("created_at").lt(before.micros()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn insert_code(tx: &mut Tx<'_>, row: &CodeRow) -> Result<()> {
    Ok(tx.insert(row).await?)
}

/// The one with this hash that has not expired; its row is held until the transaction ends.
pub(crate) async fn code(tx: &mut Tx<'_>, hash: &str, now: Timestamp) -> Result<Option<CodeRow>> {
    let mut statement = tx.select::<CodeRow>();
    statement.and_where(Expr::col("code_hash").eq(hash)).and_where(Expr::col("expires_at").gt(now.micros()));
    tx.dialect().lock_rows(&mut statement);
    Ok(tx.row(&statement).await?)
}

pub(crate) async fn use_code(tx: &mut Tx<'_>, hash: &str, delegation: Uuid) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(CODES))
        .value("delegation_id", delegation)
        .and_where(Expr::col("code_hash").eq(hash))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn remove_expired_codes(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    let statement = Query::delete()
        .from_table(tx.table(CODES))
        .and_where(Expr::col("expires_at").lte(now.micros()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
