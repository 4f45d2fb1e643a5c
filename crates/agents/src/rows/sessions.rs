use kontor_core::{
    ids::{AgentId, MemberId, RecordId, SessionId},
    time::Timestamp,
    turn::{Routing, Sequence},
};
use kontor_store::{TableRow as _, Tx, prune::PART, table_row};
use sea_query::{Cond, Expr, ExprTrait, Func, Query, UpdateStatement};
use uuid::Uuid;

use super::{count, increased, instant, null_instant, null_uuid, shares};
use crate::{
    error::Error,
    stored::{Access, SessionStatus},
};

const TABLE: &str = "sessions";

table_row! {
    /// A session's row.
    #[derive(Debug, Clone)]
    pub(crate) struct SessionRow in TABLE {
        pub(crate) id: SessionId,
        pub(crate) member: MemberId = "member_id",
        /// Where it awaits one, the one that it would be.
        pub(crate) agent: AgentId = "agent_id",
        pub(crate) title: Option<String>,
        pub(crate) status: SessionStatus,
        pub(crate) context_object: Option<String>,
        pub(crate) context_id: Option<RecordId>,
        pub(crate) expires_at: Timestamp,
        pub(crate) last_seq: Sequence,
        pub(crate) turn_count: i64,
        pub(crate) epoch: i64,
        pub(crate) created_at: Timestamp,
        pub(crate) updated_at: Timestamp,
        /// Whether it ever was shared.
        pub(crate) is_shared: bool,
        pub(crate) forked_from: Option<SessionId>,
        pub(crate) deleted_at: Option<Timestamp>,
        /// Its agent is chosen when its first turn begins.
        pub(crate) awaits_agent: bool,
        pub(crate) routing: Option<Routing> as json,
    }
}

impl SessionRow {
    /// Its agent, where it has one.
    pub(crate) fn chosen_agent(&self) -> Option<AgentId> {
        (!self.awaits_agent).then_some(self.agent)
    }

    /// The object and the record that the session is about.
    pub(crate) fn context(&self) -> Option<(String, RecordId)> {
        self.context_object.clone().zip(self.context_id)
    }
}

/// The right to run a session's turns, as long as its epoch is the latest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) session: SessionId,
    pub(crate) epoch: i64,
    pub(crate) until: Timestamp,
}

/// A session, as its member sees it: another's is not there.
pub(crate) async fn find(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
) -> Result<Option<SessionRow>, Error> {
    let mut select = tx.select::<SessionRow>();
    select
        .and_where(Expr::col("id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("deleted_at").is_null());
    Ok(tx.row(&select).await?)
}

/// A session that is not deleted, whosever it is.
pub(crate) async fn present(tx: &mut Tx<'_>, session: SessionId) -> Result<Option<SessionRow>, Error> {
    let mut select = tx.select::<SessionRow>();
    select.and_where(Expr::col("id").eq(session.as_uuid())).and_where(Expr::col("deleted_at").is_null());
    Ok(tx.row(&select).await?)
}

/// A session of a member that is deleted and can be taken back.
pub(crate) async fn deleted(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
) -> Result<Option<SessionRow>, Error> {
    let mut select = tx.select::<SessionRow>();
    select
        .and_where(Expr::col("id").eq(session.as_uuid()))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("deleted_at").is_not_null());
    Ok(tx.row(&select).await?)
}

/// Counts a new turn of a member in, in a session of theirs or one that they take part in, and answers the session as it
/// stands then; none where it has expired or its agent takes no messages. The first message names a session that has no
/// title.
pub(crate) async fn count_turn(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
    title: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<Option<SessionRow>, Error> {
    let taking_part = shares::sessions_with(tx, member, Some(Access::TakePart));
    let taking_messages = Query::select()
        .column("id")
        .from(tx.table("agents"))
        .and_where(Expr::col("is_active").eq(true))
        .and_where(Expr::col("deleted_at").is_null())
        .take();
    let mut update = update(tx, session);
    update
        .value("turn_count", increased("turn_count", 1))
        .value("title", Func::coalesce([Expr::col("title"), Expr::val(title)]))
        .value("updated_at", instant(now))
        .value("expires_at", instant(expires_at))
        .and_where(Expr::col("deleted_at").is_null())
        .cond_where(Cond::any().add(Expr::col("member_id").eq(member.as_uuid())).add(
            Cond::all().add(Expr::col("is_shared").eq(true)).add(Expr::col("id").in_subquery(taking_part)),
        ))
        // The old expiry decides, so it stands in the condition.
        .and_where(Expr::col("expires_at").gt(instant(now)))
        .cond_where(
            Cond::any()
                .add(Expr::col("agent_id").in_subquery(taking_messages))
                .add(Expr::col("awaits_agent").eq(true)),
        )
        .returning(SessionRow::returning());
    Ok(tx.row(&update).await?)
}

/// What of a session its member changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Changes {
    pub(crate) title: Option<String>,
    pub(crate) status: Option<&'static str>,
    pub(crate) context: Option<Option<(String, RecordId)>>,
}

pub(crate) async fn change(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
    changes: &Changes,
    now: Timestamp,
) -> Result<Option<SessionRow>, Error> {
    let mut update = update(tx, session);
    update
        .value("updated_at", instant(now))
        .and_where(Expr::col("member_id").eq(member.as_uuid()))
        .and_where(Expr::col("deleted_at").is_null());
    if let Some(title) = &changes.title {
        update.value("title", title.as_str());
    }
    if let Some(status) = changes.status {
        update.value("status", status);
    }
    if let Some(context) = &changes.context {
        let (object, record) = context.clone().unzip();
        update.value("context_object", object).value("context_id", record.map(RecordId::as_uuid));
    }
    update.returning(SessionRow::returning());
    Ok(tx.row(&update).await?)
}

/// Who asks for a lease, and on which terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseRequest {
    pub(crate) session: SessionId,
    pub(crate) owner: Uuid,
    /// Other processes work on the same data: their leases hold until they expire. Without others, a lease
    /// that is not ours is a dead process's and void.
    pub(crate) shared: bool,
    pub(crate) until: Timestamp,
    pub(crate) now: Timestamp,
}

/// What a lease is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeaseUse {
    /// To begin a turn, which a session does that is active.
    Begin,
    /// To go on with a turn that had begun, or to take one that was cancelled off the queue.
    Finish,
}

/// Takes the lease of a session that nobody holds, with the next epoch, and makes room for the first events
/// under it.
pub(crate) async fn take_lease(
    tx: &mut Tx<'_>,
    request: &LeaseRequest,
    lease_use: LeaseUse,
    events: usize,
) -> Result<Option<SessionRow>, Error> {
    let mut free = Cond::any()
        .add(Expr::col("lease_owner").is_null())
        .add(Expr::col("lease_owner").eq(request.owner))
        .add(Expr::col("lease_until").lte(instant(request.now)));
    if !request.shared {
        free = free.add(Expr::col("lease_owner").ne(request.owner));
    }
    let mut update = update(tx, request.session);
    update
        .value("epoch", increased("epoch", 1))
        .value("last_seq", increased("last_seq", count(events)))
        .value("lease_owner", request.owner)
        .value("lease_until", instant(request.until))
        .cond_where(free)
        .returning(SessionRow::returning());
    if lease_use == LeaseUse::Begin {
        update.and_where(Expr::col("status").eq(SessionStatus::Active));
    }
    Ok(tx.row(&update).await?)
}

/// What becomes of a lease when events are appended under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterAppend {
    Renewed,
    Released,
}

/// Makes room for events under a lease, which is renewed or released by it; `None` when it is lost.
pub(crate) async fn advance_leased(
    tx: &mut Tx<'_>,
    lease: &Lease,
    keep: AfterAppend,
    events: usize,
    now: Timestamp,
) -> Result<Option<Sequence>, Error> {
    let mut update = update(tx, lease.session);
    update
        .value("last_seq", increased("last_seq", count(events)))
        .value("updated_at", instant(now))
        .and_where(Expr::col("epoch").eq(lease.epoch))
        .returning_col("last_seq");
    match keep {
        AfterAppend::Renewed => update.value("lease_until", instant(lease.until)),
        AfterAppend::Released => {
            update.value("lease_owner", null_uuid()).value("lease_until", null_instant())
        }
    };
    Ok(tx.fetch_optional(&update).await?.map(|row| row.get(0)).transpose()?)
}

/// Makes room for events where no turn runs, and locks the session's row.
pub(crate) async fn advance(
    tx: &mut Tx<'_>,
    session: SessionId,
    events: usize,
    now: Timestamp,
) -> Result<Option<Sequence>, Error> {
    let mut update = update(tx, session);
    update
        .value("last_seq", increased("last_seq", count(events)))
        .value("updated_at", instant(now))
        .returning_col("last_seq");
    Ok(tx.fetch_optional(&update).await?.map(|row| row.get(0)).transpose()?)
}

/// Gives a session to an agent.
pub(crate) async fn set_agent(
    tx: &mut Tx<'_>,
    session: SessionId,
    agent: AgentId,
    routing: &Routing,
) -> Result<(), Error> {
    let mut update = update(tx, session);
    update
        .value("agent_id", agent.as_uuid())
        .value("awaits_agent", false)
        .value("routing", serde_json::to_string(routing)?);
    tx.execute(&update).await?;
    Ok(())
}

/// Notes that a session is shared.
pub(crate) async fn set_shared(tx: &mut Tx<'_>, session: SessionId) -> Result<(), Error> {
    let mut update = update(tx, session);
    update.value("is_shared", true);
    tx.execute(&update).await?;
    Ok(())
}

/// Deletes a session for now, or takes it back.
pub(crate) async fn set_deleted(
    tx: &mut Tx<'_>,
    session: SessionId,
    at: Option<Timestamp>,
) -> Result<(), Error> {
    let mut update = update(tx, session);
    update.value("deleted_at", at.map(instant));
    tx.execute(&update).await?;
    Ok(())
}

/// Removes a session with all that was said in it.
pub(crate) async fn remove(tx: &mut Tx<'_>, session: SessionId) -> Result<(), Error> {
    let delete =
        Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("id").eq(session.as_uuid())).take();
    tx.execute(&delete).await?;
    Ok(())
}

/// Who holds a session's lease, and until when.
pub(crate) async fn lease(
    tx: &mut Tx<'_>,
    session: SessionId,
) -> Result<(Option<Uuid>, Option<Timestamp>), Error> {
    let select = Query::select()
        .columns(["lease_owner", "lease_until"])
        .from(tx.table(TABLE))
        .and_where(Expr::col("id").eq(session.as_uuid()))
        .take();
    match tx.fetch_optional(&select).await? {
        Some(row) => Ok((row.get(0)?, row.get(1)?)),
        None => Ok((None, None)),
    }
}

/// Removes chats that were deleted before an instant.
pub(crate) async fn prune_deleted(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, kontor_store::Error> {
    let old = Cond::all().add(Expr::col("deleted_at").lt(instant(before)));
    tx.delete_some(TABLE, &["id"], old, PART / 10).await
}

fn update(tx: &Tx<'_>, session: SessionId) -> UpdateStatement {
    Query::update().table(tx.table(TABLE)).and_where(Expr::col("id").eq(session.as_uuid())).take()
}

/// Removes chats that expired before an instant and that nobody runs, with all that was said in them.
pub(crate) async fn prune(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, kontor_store::Error> {
    let old = Cond::all()
        .add(Expr::col("expires_at").lt(instant(before)))
        .add(Expr::col("lease_until").is_null().or(Expr::col("lease_until").lt(instant(before))));
    tx.delete_some(TABLE, &["id"], old, PART / 10).await
}
