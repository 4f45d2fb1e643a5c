//! A unit of work on its way through a thread.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use super::{Session, space::InUse};
use crate::{
    Error, Tx,
    tx::{Connection, Failure, Mode, Scope},
    unit::Unit,
};

/// How a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ran {
    Succeeded,
    /// Its own effects have to be undone.
    Failed,
    /// The whole transaction is gone, and this unit is to be run again as well.
    Rerun,
}

pub(super) struct Job {
    unit: Box<dyn Unit>,
    scope: Arc<Scope>,
    mode: Mode,
    /// Until when it may wait and run.
    deadline: Instant,
    limit: Duration,
    in_use: InUse,
}

impl Job {
    /// `in_use` keeps the file open until the unit is answered.
    pub(super) fn new(
        unit: Box<dyn Unit>,
        scope: Arc<Scope>,
        mode: Mode,
        limit: Duration,
        in_use: InUse,
    ) -> Self {
        Self { unit, scope, mode, deadline: Instant::now() + limit, limit, in_use }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether it may share a transaction with others.
    pub(super) fn may_share(&self) -> bool {
        self.mode == Mode::Write
    }

    /// Whether somebody still waits for the answer.
    pub(super) fn is_awaited(&self) -> bool {
        self.unit.is_awaited()
    }

    /// Gives a unit whose transaction was lost all its time again.
    pub(super) fn renew(&mut self) {
        self.deadline = Instant::now() + self.limit;
    }

    /// Runs the unit in the transaction that `session` has open and keeps its result.
    pub(super) fn run(&mut self, session: &mut Session) -> Ran {
        if Instant::now() >= self.deadline {
            self.fail(Error::Timeout { source: None });
            return Ran::Failed;
        }
        session.set_deadline(Some(self.deadline));
        let mut tx = Tx::new(Connection::Sqlite(session), &self.scope, self.mode);
        let unit = &mut self.unit;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let mut future = pin!(run(&mut **unit, &mut tx));
            future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        }));
        let failure = tx.failure;
        session.set_deadline(None);
        let refused = match polled {
            Ok(Poll::Ready(true)) if failure.is_none() => return Ran::Succeeded,
            Ok(Poll::Ready(true)) => Some(Error::Aborted),
            Ok(Poll::Ready(false)) => None,
            Ok(Poll::Pending) => Some(Error::NotReady),
            Err(panic) => Some(Error::Panicked(message(&*panic))),
        };
        if let Some(error) = refused {
            self.fail(error);
        }
        if failure == Some(Failure::Rerun) { Ran::Rerun } else { Ran::Failed }
    }

    /// Keeps `error` as the result.
    pub(super) fn fail(&mut self, error: Error) {
        self.unit.fail(error);
    }

    /// Sends the result kept to whoever waits.
    pub(super) fn answer(self) {
        let Self { unit, in_use, .. } = self;
        // First, so that who has the answer finds the file as idle as it is.
        drop(in_use);
        unit.answer();
    }
}

/// Runs a unit where its premise holds; whether it succeeded.
async fn run(unit: &mut dyn Unit, tx: &mut Tx<'_>) -> bool {
    if let Some(premise) = unit.premise() {
        match premise.holds(tx).await {
            Ok(true) => {}
            Ok(false) => {
                unit.withdraw();
                return false;
            }
            Err(error) => {
                unit.fail(error);
                return false;
            }
        }
    }
    unit.run(tx).await
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").to_owned()
}
