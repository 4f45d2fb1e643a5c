use kontor_core::{ids::SessionId, turn::Sequence};
use kontor_store::{Row, Tx};

use super::LoggedEvent;
use crate::{error::Error, rows::events};

/// The events after a number, in order, at most `limit`.
pub(crate) async fn after(
    tx: &mut Tx<'_>,
    session: SessionId,
    after: Sequence,
    limit: u64,
) -> Result<Vec<LoggedEvent>, Error> {
    let rows = events::after(tx, session, after, limit).await?;
    rows.iter().map(decode).collect()
}

/// The last events, in order, at most `limit`.
pub(crate) async fn tail(tx: &mut Tx<'_>, session: SessionId, limit: u64) -> Result<Vec<LoggedEvent>, Error> {
    let rows = events::tail(tx, session, limit).await?;
    rows.iter().rev().map(decode).collect()
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

fn decode(row: &Row) -> Result<LoggedEvent, Error> {
    let text: String = row.get(2)?;
    let event = serde_json::from_str(&text)?;
    Ok(LoggedEvent::new(row.get(0)?, row.get(1)?, std::sync::Arc::new(event), text.into()))
}
