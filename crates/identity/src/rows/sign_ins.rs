//! `sign_ins` of the directory: refresh-token families and browser sessions. One that ends is removed.

use std::net::IpAddr;

use kontor_core::{
    ids::{MemberId, SignInId, UserId, WorkspaceId},
    text::excerpt,
    time::Timestamp,
};
use kontor_store::{Tx, stored_enum, table_row};
use sea_query::{Expr, ExprTrait as _, Order, Query};

use crate::Result;

const TABLE: &str = "sign_ins";
/// How much of a client's own description is kept.
const USER_AGENT: usize = 200;

stored_enum! {
    /// What a sign-in was for.
    pub(crate) enum Kind: "kind of sign-in" {
        Tokens = "tokens",
        Browser = "browser",
    }
}

table_row! {
    #[derive(Debug, Clone)]
    pub(crate) struct SignInRow in TABLE {
        pub(crate) id: SignInId,
        pub(crate) user: UserId = "user_id",
        pub(crate) workspace: WorkspaceId = "workspace_id",
        pub(crate) member: MemberId = "member_id",
        /// The part of a refresh token that changes; browser sessions have none.
        pub(crate) secret_hash: Option<String>,
        pub(crate) used_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

table_row! {
    /// A sign-in as those see it who may end it.
    #[derive(Debug, Clone)]
    pub(crate) struct SeenRow in TABLE {
        pub(crate) id: SignInId,
        pub(crate) kind: Kind,
        pub(crate) workspace: WorkspaceId = "workspace_id",
        pub(crate) user_agent: Option<String>,
        pub(crate) remote: Option<String>,
        pub(crate) created_at: Timestamp,
        pub(crate) used_at: Timestamp,
        pub(crate) expires_at: Timestamp,
    }
}

/// Whose sign-ins are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    /// A user's, in every workspace.
    User(UserId),
    /// A member's, in their workspace.
    Member(WorkspaceId, MemberId),
}

impl Of {
    fn condition(self) -> Expr {
        match self {
            Self::User(user) => Expr::col("user_id").eq(user.as_uuid()),
            Self::Member(workspace, member) => Expr::col("workspace_id")
                .eq(workspace.as_uuid())
                .and(Expr::col("member_id").eq(member.as_uuid())),
        }
    }
}

/// Where a sign-in came from, for the eyes of its owner.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    pub(crate) remote: Option<IpAddr>,
    pub(crate) user_agent: Option<String>,
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    kind: Kind,
    lookup_hash: &str,
    row: &SignInRow,
    origin: &Origin,
) -> Result<()> {
    let others = [
        ("kind", kind.into()),
        ("lookup_hash", lookup_hash.into()),
        ("user_agent", origin.user_agent.as_deref().map(|text| excerpt(text, USER_AGENT)).into()),
        ("remote", origin.remote.map(|address| address.to_string()).into()),
        ("created_at", row.used_at.micros().into()),
    ];
    let statement = tx.insertion(row, others)?;
    tx.execute(&statement).await?;
    Ok(())
}

/// The sign-in with this hash that has not expired. `lock` holds its row until the transaction ends.
pub(crate) async fn by_lookup(
    tx: &mut Tx<'_>,
    kind: Kind,
    lookup_hash: &str,
    now: Timestamp,
    lock: bool,
) -> Result<Option<SignInRow>> {
    let mut statement = tx.select::<SignInRow>();
    statement
        .and_where(Expr::col("lookup_hash").eq(lookup_hash))
        .and_where(Expr::col("kind").eq(kind))
        .and_where(Expr::col("expires_at").gt(now.micros()));
    if lock {
        tx.dialect().lock_rows(&mut statement);
    }
    Ok(tx.row(&statement).await?)
}

pub(crate) async fn is_live(tx: &mut Tx<'_>, id: SignInId, now: Timestamp) -> Result<bool> {
    let statement = Query::select()
        .expr(Expr::val(1))
        .from(tx.table(TABLE))
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .take();
    Ok(tx.fetch_optional(&statement).await?.is_some())
}

/// Those that have not expired, the one used last first.
pub(crate) async fn seen(tx: &mut Tx<'_>, of: Of, now: Timestamp) -> Result<Vec<SeenRow>> {
    let mut statement = tx.select::<SeenRow>();
    statement
        .and_where(of.condition())
        .and_where(Expr::col("expires_at").gt(now.micros()))
        .order_by("used_at", Order::Desc)
        .order_by("id", Order::Desc);
    Ok(tx.rows(&statement).await?)
}

/// Ends one of them; answers whether it was there.
pub(crate) async fn end_one(tx: &mut Tx<'_>, of: Of, id: SignInId) -> Result<bool> {
    Ok(delete(tx, of.condition().and(Expr::col("id").eq(id.as_uuid()))).await? > 0)
}

/// Ends all of them but one; how many there were.
pub(crate) async fn end_all(tx: &mut Tx<'_>, of: Of, but: Option<SignInId>) -> Result<u64> {
    let kept = but.map(|id| Expr::col("id").ne(id.as_uuid()));
    delete(tx, kept.into_iter().fold(of.condition(), |all, kept| all.and(kept))).await
}

/// Notes a use, which puts the end off.
pub(crate) async fn renew(
    tx: &mut Tx<'_>,
    id: SignInId,
    secret_hash: Option<&str>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let statement = Query::update()
        .table(tx.table(TABLE))
        .value("secret_hash", secret_hash.map(str::to_owned))
        .value("used_at", now.micros())
        .value("expires_at", expires_at.micros())
        .and_where(Expr::col("id").eq(id.as_uuid()))
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn end(tx: &mut Tx<'_>, id: SignInId) -> Result<()> {
    delete(tx, Expr::col("id").eq(id.as_uuid())).await.map(drop)
}

pub(crate) async fn remove_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
    delete(tx, Expr::col("expires_at").lte(now.micros())).await.map(drop)
}

async fn delete(tx: &mut Tx<'_>, condition: Expr) -> Result<u64> {
    let statement = Query::delete().from_table(tx.table(TABLE)).and_where(condition).take();
    Ok(tx.execute(&statement).await?)
}
