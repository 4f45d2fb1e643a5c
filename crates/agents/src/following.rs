//! A session's stream as one reader sees it, for as long as they may.

use std::{pin::Pin, time::Duration};

use futures::{Stream, StreamExt as _, stream};
use kontor_core::{
    error::Chain,
    ids::{MemberId, SessionId},
    time::Timestamp,
};
use kontor_store::Namespace;

use crate::{engine::Agents, error::Error, rows::shares, stream::StreamEvent, veil::Veil};

/// How often it is looked whether a session is still shared.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A stream of a session's events and what its reader is shown of them.
pub(crate) struct Seen {
    agents: Agents,
    namespace: Namespace,
    session: SessionId,
    veil: Veil,
    /// The reader, where the session is another's.
    guest: Option<MemberId>,
    looked_at: Timestamp,
    events: Pin<Box<dyn Stream<Item = StreamEvent> + Send>>,
}

impl Seen {
    pub(crate) fn new(
        agents: &Agents,
        namespace: Namespace,
        session: SessionId,
        veil: Veil,
        guest: Option<MemberId>,
        events: impl Stream<Item = StreamEvent> + Send + 'static,
    ) -> Self {
        let (agents, looked_at) = (agents.clone(), agents.0.environment.now());
        Self { agents, namespace, session, veil, guest, looked_at, events: Box::pin(events) }
    }

    /// The events as they are told.
    pub(crate) fn told(self) -> impl Stream<Item = StreamEvent> + Send + 'static {
        stream::unfold(self, |mut seen| async move {
            let event = seen.next().await?;
            Some((event, seen))
        })
    }

    async fn next(&mut self) -> Option<StreamEvent> {
        loop {
            let event = self.events.next().await?;
            let told = match self.may_see().await {
                Ok(true) => self.veil.see_live(event),
                Ok(false) => return None,
                Err(error) => Err(error),
            };
            match told {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                // Whoever follows comes back with the id of the last event.
                Err(error) => {
                    tracing::warn!(session = %self.session, error = %Chain(&error), "a session cannot be followed");
                    return None;
                }
            }
        }
    }

    /// Whether the session is still shared with its reader, as it was a moment ago at most.
    async fn may_see(&mut self) -> Result<bool, Error> {
        let Some(guest) = self.guest else { return Ok(true) };
        let now = self.agents.0.environment.now();
        if now.since(self.looked_at) < LOOK_EVERY {
            return Ok(true);
        }
        let found = self
            .namespace
            .read((self.session, guest), |tx, &(session, guest)| Box::pin(shares::reach(tx, session, guest)))
            .await?;
        self.looked_at = now;
        Ok::<_, Error>(found.is_some())
    }
}
