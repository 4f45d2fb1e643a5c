use std::{collections::VecDeque, time::Duration};

use futures::{Stream, stream};
use kontor_core::{error::Chain, ids::SessionId};
use kontor_store::Namespace;
use tokio::sync::watch;

use super::{Cursor, Found, Handle, StreamEvent};
use crate::{
    error::Error,
    log::{self, LogSlice},
};

/// Logged events read at a time.
const PAGE: u64 = 200;

/// A session's events after a cursor, without end: the log, then what happens. It ends when the database
/// cannot be read or the server stops; whoever follows comes back with the id of the last event. `in_log`
/// says whether the log may hold more than the memory of the running session.
pub(crate) fn follow(
    namespace: Namespace,
    handle: Handle,
    session: SessionId,
    cursor: Cursor,
    in_log: bool,
    poll_every: Option<Duration>,
) -> impl Stream<Item = StreamEvent> + Send + 'static {
    let changed = handle.watch();
    let follower =
        Follower { namespace, session, handle, changed, cursor, poll_every, in_log, given: VecDeque::new() };
    stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((event, follower))
    })
}

struct Follower {
    namespace: Namespace,
    session: SessionId,
    handle: Handle,
    changed: watch::Receiver<()>,
    cursor: Cursor,
    poll_every: Option<Duration>,
    /// What comes next may stand in the log alone.
    in_log: bool,
    given: VecDeque<StreamEvent>,
}

impl Follower {
    async fn next(&mut self) -> Option<StreamEvent> {
        loop {
            if let Some(event) = self.given.pop_front() {
                return Some(event);
            }
            if self.in_log {
                match self.read_log().await {
                    Ok(more) => self.in_log = more,
                    Err(error) => {
                        tracing::warn!(session = %self.session, error = %Chain(&error), "a session's log cannot be followed");
                        return None;
                    }
                }
                if !self.given.is_empty() {
                    continue;
                }
            }
            self.changed.mark_unchanged();
            match self.handle.advance(&mut self.cursor, &mut self.given) {
                Found::More => {}
                Found::InLog => self.in_log = true,
                Found::Nothing if self.handle.hub().is_closed() => return None,
                Found::Nothing => self.wait().await,
            }
        }
    }

    /// Whether a whole page came, after which there may be more.
    async fn read_log(&mut self) -> Result<bool, Error> {
        let (session, after) = (self.session, self.cursor.seq);
        let page: LogSlice = self
            .namespace
            .read((after, session), |tx, &(after, session)| Box::pin(log::after(tx, session, after, PAGE)))
            .await?;
        for logged in &page.events {
            self.cursor.pass(logged, &mut self.given);
        }
        if let Some(last) = page.last {
            self.cursor.skip_to(last);
        }
        Ok::<_, Error>(page.rows == PAGE)
    }

    async fn wait(&mut self) {
        // The sender lives as long as the channel this holds, so waiting does not fail.
        match self.poll_every {
            None => {
                let _ = self.changed.changed().await;
            }
            Some(every) => {
                let changed = tokio::time::timeout(every, self.changed.changed()).await;
                self.in_log = changed.is_err();
            }
        }
    }
}
