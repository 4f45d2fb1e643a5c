use kontor_core::{
    ids::{MemberId, SessionId, TurnId},
    time::Timestamp,
    turn::Sequence,
};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement};
use uuid::Uuid;

use super::instant;
use crate::{error::Error, stored::Draft};

const TABLE: &str = "session_events";

table_row! {
    /// An event as it was written.
    pub(crate) struct EventRow in TABLE {
        pub(crate) seq: Sequence,
        pub(crate) at: Timestamp,
        pub(crate) turn: TurnId = "turn_id",
        pub(crate) data: String,
    }
}

pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    session: SessionId,
    first: Sequence,
    drafts: impl IntoIterator<Item = (&Draft, Timestamp)>,
) -> Result<(), Error> {
    let mut insert = Query::insert();
    insert.into_table(tx.table(TABLE)).columns([
        "session_id",
        "seq",
        "turn_id",
        "at",
        "name",
        "step",
        "call_index",
        "data",
    ]);
    for ((draft, at), seq) in drafts.into_iter().zip(first..) {
        let step = draft.event.step().map(i64::from);
        let index = draft.event.call().map(|place| i64::from(place.index));
        insert.values_panic([
            Expr::val(session.as_uuid()),
            Expr::val(seq),
            Expr::val(draft.event.turn().as_uuid()),
            Expr::val(instant(at)),
            // Also of an agent that was asked, whose results are looked for as any.
            Expr::val(draft.event.inner().name()),
            Expr::val(step),
            Expr::val(index),
            Expr::val(&*draft.text),
        ]);
    }
    tx.execute(&insert).await?;
    Ok(())
}

/// Whether a call's result is there already.
pub(crate) async fn has_result(tx: &mut Tx<'_>, turn: Uuid, step: u32, index: u32) -> Result<bool, Error> {
    let select = Query::select()
        .expr(Expr::val(1_i64))
        .from(tx.table(TABLE))
        .and_where(Expr::col("turn_id").eq(turn))
        .and_where(Expr::col("step").eq(i64::from(step)))
        .and_where(Expr::col("call_index").eq(i64::from(index)))
        // Written out, so that the partial index is used.
        .and_where(Expr::cust("name = 'tool.result'"))
        .take();
    Ok(tx.fetch_optional(&select).await?.is_some())
}

pub(crate) async fn after(
    tx: &mut Tx<'_>,
    session: SessionId,
    after: Sequence,
    limit: u64,
) -> Result<Vec<EventRow>, Error> {
    let mut select = select(tx, session);
    select.and_where(Expr::col("seq").gt(after)).order_by("seq", Order::Asc).limit(limit);
    Ok(tx.rows(&select).await?)
}

/// The last events of those after a number, the latest first.
pub(crate) async fn tail(
    tx: &mut Tx<'_>,
    session: SessionId,
    after: Sequence,
    limit: u64,
) -> Result<Vec<EventRow>, Error> {
    let mut select = select(tx, session);
    select.and_where(Expr::col("seq").gt(after)).order_by("seq", Order::Desc).limit(limit);
    Ok(tx.rows(&select).await?)
}

/// The last summaries of a session's earlier turns, the latest first: made in a turn of this member, where one is
/// given.
pub(crate) async fn last_summaries(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: Option<MemberId>,
    limit: u64,
) -> Result<Vec<EventRow>, Error> {
    let mut select = select(tx, session);
    if let Some(member) = member {
        let theirs = Query::select()
            .column("id")
            .from(tx.table("turns"))
            .and_where(Expr::col("session_id").eq(session.as_uuid()))
            .and_where(Expr::col("member_id").eq(member.as_uuid()))
            .take();
        select.and_where(Expr::col("turn_id").in_subquery(theirs));
    }
    // Written out, so that the partial index is used.
    select.and_where(Expr::cust("name = 'history.summarized'")).order_by("seq", Order::Desc).limit(limit);
    Ok(tx.rows(&select).await?)
}

/// A call of this session that has a result, and that result.
pub(crate) async fn call(
    tx: &mut Tx<'_>,
    session: SessionId,
    turn: TurnId,
    step: u32,
    index: u32,
) -> Result<Option<[EventRow; 2]>, Error> {
    let place = |select: &mut SelectStatement| {
        select
            .and_where(Expr::col("turn_id").eq(turn.as_uuid()))
            .and_where(Expr::col("step").eq(i64::from(step)))
            .and_where(Expr::col("call_index").eq(i64::from(index)));
    };
    let mut results = select(tx, session);
    place(&mut results);
    // Written out, so that the partial index is used.
    results.and_where(Expr::cust("name = 'tool.result'"));
    let Some(result) = tx.row::<EventRow>(&results).await? else { return Ok(None) };
    let mut calls = select(tx, session);
    place(&mut calls);
    calls
        .and_where(Expr::col("name").eq("tool.called"))
        .and_where(Expr::col("seq").lt(result.seq))
        .order_by("seq", Order::Desc)
        .limit(1);
    let call = tx.row(&calls).await?;
    Ok(call.map(|call| [call, result]))
}

/// The numbers of the events that begin turns, the latest first; before a number, where one is given.
pub(crate) async fn turn_starts(
    tx: &mut Tx<'_>,
    session: SessionId,
    before: Option<Sequence>,
    limit: u64,
) -> Result<Vec<Sequence>, Error> {
    let select = Query::select()
        .column("seq")
        .from(tx.table(TABLE))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("name").eq("turn.started"))
        .and_where_option(before.map(|before| Expr::col("seq").lt(before)))
        .order_by("seq", Order::Desc)
        .limit(limit)
        .take();
    tx.fetch_all(&select).await?.iter().map(|row| Ok(row.get(0)?)).collect()
}

/// The number of a turn's first event.
pub(crate) async fn turn_start(
    tx: &mut Tx<'_>,
    session: SessionId,
    turn: TurnId,
) -> Result<Option<Sequence>, Error> {
    let select = Query::select()
        .column("seq")
        .from(tx.table(TABLE))
        .and_where(Expr::col("session_id").eq(session.as_uuid()))
        .and_where(Expr::col("turn_id").eq(turn.as_uuid()))
        .order_by("seq", Order::Asc)
        .limit(1)
        .take();
    Ok(tx.fetch_optional(&select).await?.map(|row| row.get(0)).transpose()?)
}

fn select(tx: &Tx<'_>, session: SessionId) -> SelectStatement {
    let mut select = tx.select::<EventRow>();
    select.and_where(Expr::col("session_id").eq(session.as_uuid()));
    select
}
