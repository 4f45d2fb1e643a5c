//! `session_shares` and `session_pins`: who else may read a session or take part in it, and who keeps it at the top.

use std::collections::HashSet;

use kontor_core::{
    ids::{MemberId, SessionId, TurnId},
    time::Timestamp,
};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, JoinType, OnConflict, Order, Query, SelectStatement};

use super::sessions::{self, SessionRow};
use crate::{error::Error, stored::Access};

const TABLE: &str = "session_shares";
const PINS: &str = "session_pins";

table_row! {
    /// A share's row.
    #[derive(Debug, Clone)]
    pub(crate) struct ShareRow in TABLE {
        pub(crate) session: SessionId = "session_id",
        pub(crate) member: MemberId = "member_id",
        pub(crate) access: Access,
        pub(crate) shared_at: Timestamp,
    }
}

/// A session that is a member's own or shared with them, and what they may do in it.
pub(crate) async fn reach(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
) -> Result<Option<(SessionRow, Access)>, Error> {
    let Some(row) = sessions::present(tx, session).await? else { return Ok(None) };
    if row.member == member {
        return Ok(Some((row, Access::Owner)));
    }
    if !row.is_shared {
        return Ok(None);
    }
    let mut select = tx.select::<ShareRow>();
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()));
    Ok(tx.row::<ShareRow>(&select).await?.map(|share| (row, share.access)))
}

/// With whom a session is shared, in the order in which it was.
pub(crate) async fn of_session(tx: &mut Tx<'_>, session: SessionId) -> Result<Vec<ShareRow>, Error> {
    let mut select = tx.select::<ShareRow>();
    select
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .order_by("shared_at", Order::Asc)
        .order_by("member_id", Order::Asc);
    Ok(tx.rows(&select).await?)
}

/// What a member may do in those of some sessions that are shared with them.
pub(crate) async fn with_member(
    tx: &mut Tx<'_>,
    member: MemberId,
    sessions: &[SessionId],
) -> Result<Vec<ShareRow>, Error> {
    if sessions.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = tx.select::<ShareRow>();
    select
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("session_id").is_in(sessions.iter().map(|session| session.as_uuid())));
    Ok(tx.rows(&select).await?)
}

/// Whether any session is shared with a member.
pub(crate) async fn any_with(tx: &mut Tx<'_>, member: MemberId) -> Result<bool, Error> {
    let select = sessions_with(tx, member, None).limit(1).take();
    Ok(tx.fetch_optional(&select).await?.is_some())
}

/// Those of the sessions that are shared with a member, for a condition.
pub(crate) fn sessions_with(tx: &Tx<'_>, member: MemberId, access: Option<Access>) -> SelectStatement {
    Query::select()
        .column("session_id")
        .from(tx.table(TABLE))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where_option(access.map(|access| Expr::col("access").eq(access)))
        .take()
}

/// Shares a session, or changes what its member may do.
pub(crate) async fn set(tx: &mut Tx<'_>, share: &ShareRow) -> Result<(), Error> {
    let mut insert = tx.insertion(share, [])?;
    insert.on_conflict(OnConflict::columns(["session_id", "member_id"]).update_column("access").to_owned());
    tx.execute(&insert).await?;
    sessions::set_shared(tx, share.session).await
}

/// Takes a share back; what the member could do.
pub(crate) async fn remove(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
) -> Result<Option<Access>, Error> {
    let mut delete = Query::delete();
    delete
        .from_table(tx.table(TABLE))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .returning_col("access");
    let access = tx.fetch_optional(&delete).await?.map(|row| row.get(0)).transpose()?;
    unpin(tx, session, member).await?;
    Ok(access)
}

/// The turns of a session that are others' than a member's.
pub(crate) async fn turns_of_others(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
) -> Result<HashSet<TurnId>, Error> {
    let select = Query::select()
        .column("id")
        .from(tx.table("turns"))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").ne(member.as_uuid()))
        .take();
    tx.fetch_all(&select).await?.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// The sessions that a member keeps at the top; those that are deleted are not among them.
pub(crate) async fn pinned(tx: &mut Tx<'_>, member: MemberId) -> Result<Vec<SessionId>, Error> {
    let of_session = Expr::col(("s", "id")).equals(("p", "session_id"));
    let select = Query::select()
        .column(("p", "session_id"))
        .from_as(tx.table(PINS), "p")
        .join_as(JoinType::InnerJoin, tx.table("sessions"), "s", of_session)
        .and_where(Expr::col(("p", "member_id")).eq(member.as_uuid()))
        .and_where(Expr::col(("s", "deleted_at")).is_null())
        .take();
    tx.fetch_all(&select).await?.iter().map(|row| Ok(row.get(0)?)).collect()
}

pub(crate) async fn pin(tx: &mut Tx<'_>, session: SessionId, member: MemberId) -> Result<(), Error> {
    let mut insert = Query::insert();
    insert
        .into_table(tx.table(PINS))
        .columns(["session_id", "member_id"])
        .values_panic([Expr::val(session.as_uuid()), Expr::val(member.as_uuid())])
        .on_conflict(OnConflict::columns(["session_id", "member_id"]).do_nothing().to_owned());
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn unpin(tx: &mut Tx<'_>, session: SessionId, member: MemberId) -> Result<(), Error> {
    let delete = Query::delete()
        .from_table(tx.table(PINS))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .take();
    tx.execute(&delete).await?;
    Ok(())
}
