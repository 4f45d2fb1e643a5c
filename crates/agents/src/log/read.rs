use std::{collections::HashMap, sync::Arc};

use kontor_core::{
    error::Chain,
    ids::{AgentId, MemberId, SessionId, TurnId},
    turn::{Sequence, TurnEvent},
};
use kontor_store::Tx;

use crate::{
    error::Error,
    rows::events::{self, EventRow},
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

/// The agents that a session had, as one of them reads it.
#[derive(Debug, Default)]
pub(crate) struct SessionAgents {
    /// The one that reads; none while the session awaits one.
    pub(crate) reader: Option<AgentId>,
    /// The turns of others.
    pub(crate) of_others: HashMap<TurnId, AgentId>,
}

impl SessionAgents {
    /// Whether an event is a summary that the reader goes on from: one that was made for another tells of what the reader
    /// may not see. A turn that was handed over can hold summaries of several agents.
    pub(crate) fn have_summary(&self, event: &TurnEvent) -> bool {
        match event {
            TurnEvent::HistorySummarized { agent: Some(agent), .. } => {
                self.reader.is_none_or(|reader| reader == *agent)
            }
            TurnEvent::HistorySummarized { turn, .. } => !self.of_others.contains_key(turn),
            _ => false,
        }
    }
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

/// Summaries that are looked through for one that was made for an agent.
const SUMMARIES: u64 = 32;

/// What a conversation goes on from: the last summary of earlier turns and what it does not tell of, in order. Of
/// that the last events, at most `limit` and one. The summary is one that was made in a turn of `member`, where one is
/// given, as several take part, and for the agent that `agents` tells of.
pub(crate) async fn tail(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: Option<MemberId>,
    agents: &SessionAgents,
    limit: u64,
) -> Result<LogSlice, Error> {
    let looked_through = if agents.of_others.is_empty() { 1 } else { SUMMARIES };
    let summaries = events::last_summaries(tx, session, member, looked_through).await?;
    let summaries = LogSlice::read(session, summaries).events;
    let summary = summaries.into_iter().find(|summary| agents.have_summary(&summary.event));
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
