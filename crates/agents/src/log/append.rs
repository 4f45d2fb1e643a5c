use kontor_core::{ids::SessionId, time::Timestamp, turn::Sequence};
use kontor_store::Tx;

use crate::{
    error::Error,
    rows::{count, events, sent, sessions, usage},
    stored::{Draft, LoggedEvent},
};

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

/// Writes events whose numbers end with `last`, and what they tell of usage.
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
        events::insert(tx, session, first, drafts.iter().map(|draft| (draft, now))).await?;
        for (draft, seq) in drafts.iter().zip(first..) {
            if let Some(sent) = &draft.sent {
                sent::keep(tx, sent, now).await?;
            }
            usage::insert(tx, session, seq, draft, now).await?;
        }
    }
    Ok(logged)
}
