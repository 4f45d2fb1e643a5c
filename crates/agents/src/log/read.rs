use std::sync::Arc;

use kontor_core::{
    error::Chain,
    ids::{SessionId, TurnId},
    turn::{Sequence, TurnEvent},
};
use kontor_store::Tx;

use crate::{
    error::Error,
    rows::events::{self, EventRow, TurnsOf},
    stored::LoggedEvent,
};

/// A stretch of a log, in order. A row that cannot be read is passed over, so that it hides nothing but
/// itself.
#[derive(Debug, Default)]
pub(crate) struct LogSlice {
    pub(crate) events: Vec<LoggedEvent>,
    /// The turns of the rows that cannot be read.
    pub(crate) damaged: Vec<TurnId>,
    /// The number of the last row, readable or not.
    pub(crate) last: Option<Sequence>,
    /// How many rows there were, readable or not.
    pub(crate) rows: u64,
}

/// The events after a number, in order, at most `limit`.
pub(crate) async fn after(
    tx: &mut Tx<'_>,
    session: SessionId,
    after: Sequence,
    limit: u64,
) -> Result<LogSlice, Error> {
    let rows = events::after(tx, session, after, limit).await?;
    Ok(LogSlice::read(session, rows))
}

/// What a conversation goes on from: the last summary of earlier turns and what it does not tell of, in order. Of
/// that the last events, at most `limit` and one. Where several members take part or the session had another agent, the
/// summary is one that was made in a turn of `of`.
pub(crate) async fn tail(
    tx: &mut Tx<'_>,
    session: SessionId,
    of: TurnsOf,
    limit: u64,
) -> Result<LogSlice, Error> {
    let summary = events::last_summary(tx, session, of).await?;
    let read = |row: EventRow| LogSlice::read(session, [row]).events.pop();
    let summary = summary.and_then(read);
    let through = summary.as_ref().map_or(0, |logged| match &*logged.event {
        TurnEvent::HistorySummarized { through, .. } => *through,
        _ => 0,
    });
    let rows = events::tail(tx, session, through, limit).await?;
    let mut slice = LogSlice::read(session, rows.into_iter().rev());
    let is_within = |logged: &LoggedEvent| slice.events.first().is_some_and(|first| first.seq <= logged.seq);
    if let Some(summary) = summary.filter(|summary| !is_within(summary)) {
        slice.events.insert(0, summary);
    }
    Ok(slice)
}

/// A call of this session and its result: two events, or none.
pub(crate) async fn call(
    tx: &mut Tx<'_>,
    session: SessionId,
    turn: TurnId,
    step: u32,
    index: u32,
) -> Result<Vec<LoggedEvent>, Error> {
    let rows = events::call(tx, session, turn, step, index).await?;
    Ok(LogSlice::read(session, rows.into_iter().flatten()).events)
}

/// The number of a turn's first event.
pub(crate) async fn turn_start(
    tx: &mut Tx<'_>,
    session: SessionId,
    turn: TurnId,
) -> Result<Option<Sequence>, Error> {
    events::turn_start(tx, session, turn).await
}

/// Where the last turns begin, the earliest first: at most `limit`, and of those that begin before a number,
/// where one is given.
pub(crate) async fn turn_starts(
    tx: &mut Tx<'_>,
    session: SessionId,
    before: Option<Sequence>,
    limit: u64,
) -> Result<Vec<Sequence>, Error> {
    let mut starts = events::turn_starts(tx, session, before, limit).await?;
    starts.reverse();
    Ok(starts)
}

impl LogSlice {
    fn read(session: SessionId, rows: impl IntoIterator<Item = EventRow>) -> Self {
        let mut stretch = Self::default();
        for EventRow { seq, at, turn, data } in rows {
            match serde_json::from_str(&data) {
                Ok(event) => stretch.events.push(LoggedEvent::new(seq, at, Arc::new(event), data.into())),
                Err(error) => {
                    tracing::error!(%session, seq, error = %Chain(&error), "an event of a session's log cannot be read and is passed over");
                    stretch.damaged.push(turn);
                }
            }
            stretch.last = Some(seq);
            stretch.rows += 1;
        }
        stretch
    }
}
