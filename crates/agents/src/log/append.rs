use std::sync::Arc;

use kontor_core::{
    ids::SessionId,
    time::Timestamp,
    turn::{Sequence, TurnEvent},
};
use kontor_store::Tx;

use super::LoggedEvent;
use crate::{
    error::Error,
    rows::{events, sessions},
};

/// An event that is not in the log yet.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) event: Arc<TurnEvent>,
    pub(crate) text: Arc<str>,
}

impl Draft {
    pub(crate) fn new(event: TurnEvent) -> Result<Self, Error> {
        let text = serde_json::to_string(&event)?.into();
        Ok(Self { event: Arc::new(event), text })
    }

    pub(crate) fn all(events: Vec<TurnEvent>) -> Result<Vec<Self>, Error> {
        events.into_iter().map(Self::new).collect()
    }

    pub(crate) fn logged(&self, seq: Sequence, at: Timestamp) -> LoggedEvent {
        LoggedEvent::new(seq, at, self.event.clone(), self.text.clone())
    }
}

/// Appends under a lease, which is renewed or released by it. [`Error::LeaseLost`] when another epoch has
/// begun.
pub(crate) async fn append_leased(
    tx: &mut Tx<'_>,
    lease: &sessions::Lease,
    keep: sessions::AfterAppend,
    drafts: &[Draft],
    now: Timestamp,
) -> Result<Vec<LoggedEvent>, Error> {
    let last = sessions::advance_leased(tx, lease, keep, drafts.len(), now).await?.ok_or(Error::LeaseLost)?;
    insert(tx, lease.session, last, drafts, now).await
}

/// Appends where no turn of the session runs. The session's row is locked by it.
pub(crate) async fn append_unleased(
    tx: &mut Tx<'_>,
    session: SessionId,
    drafts: &[Draft],
    now: Timestamp,
) -> Result<Vec<LoggedEvent>, Error> {
    let last = sessions::advance(tx, session, drafts.len(), now).await?;
    insert(tx, session, last.ok_or(Error::SessionNotFound(session))?, drafts, now).await
}

/// Writes events whose numbers end with `last`.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    session: SessionId,
    last: Sequence,
    drafts: &[Draft],
    now: Timestamp,
) -> Result<Vec<LoggedEvent>, Error> {
    let first = last - count(drafts.len()) + 1;
    let logged: Vec<_> = drafts.iter().zip(first..).map(|(draft, seq)| draft.logged(seq, now)).collect();
    if !logged.is_empty() {
        events::insert(tx, session, first, drafts, now).await?;
    }
    Ok(logged)
}

pub(crate) fn count(drafts: usize) -> i64 {
    i64::try_from(drafts).unwrap_or(i64::MAX)
}
