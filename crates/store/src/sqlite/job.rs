//! A unit of work on its way through a thread.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::Session;
use crate::{
    Error, Tx,
    tx::{Connection, Failure, Mode, Scope},
};

/// A unit without its types.
pub(super) trait Job: Send {
    /// Whether it may share a transaction with others.
    fn may_share(&self) -> bool;
    /// Whether somebody still waits for the answer.
    fn is_awaited(&self) -> bool;
    /// Gives a unit whose transaction was lost all its time again.
    fn renew(&mut self);
    /// Runs the unit in the transaction that `session` has open and keeps its result.
    fn run(&mut self, session: &mut Session) -> Ran;
    /// Keeps `error` as the result.
    fn fail(&mut self, error: Error);
    /// Sends the result kept to whoever waits; one who has left is no reason to undo a write.
    fn answer(self: Box<Self>);
}

/// How a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    Succeeded,
    /// Its own effects have to be undone.
    Failed,
    /// The whole transaction is gone, and this unit is to be run again as well.
    Rerun,
}

pub(super) struct Unit<T, E, F> {
    pub(super) unit: F,
    pub(super) scope: Arc<Scope>,
    pub(super) mode: Mode,
    /// Until when it may wait and run.
    pub(super) deadline: Instant,
    pub(super) limit: Duration,
    pub(super) result: Option<Result<T, E>>,
    pub(super) reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Unit<T, E, F>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn may_share(&self) -> bool {
        self.mode == Mode::Write
    }

    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }

    fn renew(&mut self) {
        self.deadline = Instant::now() + self.limit;
    }

    fn run(&mut self, session: &mut Session) -> Ran {
        if Instant::now() >= self.deadline {
            self.fail(Error::Timeout { source: None });
            return Ran::Failed;
        }
        session.set_deadline(Some(self.deadline));
        let mut tx = Tx {
            connection: Connection::Sqlite(session),
            scope: &self.scope,
            mode: self.mode,
            failure: None,
        };
        let unit = &self.unit;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let mut future = unit(&mut tx);
            future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        }));
        let failure = tx.failure;
        session.set_deadline(None);
        let result = match polled {
            Ok(Poll::Ready(Ok(_))) if failure.is_some() => Err(Error::Aborted.into()),
            Ok(Poll::Ready(result)) => result,
            Ok(Poll::Pending) => Err(Error::NotReady.into()),
            Err(panic) => Err(Error::Panicked(message(&*panic)).into()),
        };
        let ran = match (&result, failure) {
            (Ok(_), _) => Ran::Succeeded,
            (Err(_), Some(Failure::Rerun)) => Ran::Rerun,
            (Err(_), _) => Ran::Failed,
        };
        self.result = Some(result);
        ran
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result
            && self.reply.send(result).is_err()
        {
            tracing::trace!("nobody waited for the end of a unit of work");
        }
    }
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
