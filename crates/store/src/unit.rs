//! A unit of work without its types, as the engines run it: what an engine does with a unit is compiled once
//! and not for every use case.
//!
//! A unit may be run again: on PostgreSQL after a serialization failure or a deadlock, on SQLite when the commit
//! that it shared with others was lost. So it owns its arguments for as long as it lives and lends them to every
//! run, and nothing is cloned for a run that most often is the only one.

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use crate::{Error, Premise, Tx, commits::Written};

pub(crate) trait Unit: Send {
    /// Whether somebody still waits for the answer.
    fn is_awaited(&self) -> bool;
    /// What has to hold for it to be run.
    fn premise(&self) -> Option<Premise>;
    /// Runs the unit in a transaction and keeps its result; whether it succeeded.
    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, bool>;
    /// Keeps that it was not run, since its premise does not hold.
    fn withdraw(&mut self);
    /// Keeps `error` as the result.
    fn fail(&mut self, error: Error);
    /// Sends the result kept to whoever waits; one who has left is no reason to undo a write.
    fn answer(self: Box<Self>);
}

/// Where the answer of a unit arrives; none where its premise did not hold.
pub(crate) type Answer<T, E> = oneshot::Receiver<Result<Option<T>, E>>;

/// A closure and its arguments as a unit; one that writes into a workspace notes it when it has committed.
pub(crate) fn typed<A, T, E, F>(
    premise: Option<Premise>,
    written: Option<Written>,
    arguments: A,
    run: F,
) -> (Box<dyn Unit>, Answer<T, E>)
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    A: Send + Sync + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    (Box::new(Typed { premise, written, arguments, run, result: None, reply }), answer)
}

struct Typed<A, T, E, F> {
    premise: Option<Premise>,
    written: Option<Written>,
    arguments: A,
    run: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<Option<T>, E>>,
}

impl<A, T, E, F> Unit for Typed<A, T, E, F>
where
    F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>> + Send + Sync,
    A: Send + Sync,
    T: Send,
    E: From<Error> + Send,
{
    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }

    fn premise(&self) -> Option<Premise> {
        self.premise
    }

    fn run<'t>(&'t mut self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, bool> {
        let running = (self.run)(tx, &self.arguments);
        let kept = &mut self.result;
        Box::pin(async move { kept.insert(running.await).is_ok() })
    }

    fn withdraw(&mut self) {
        self.result = None;
    }

    fn fail(&mut self, error: Error) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        // Also where nobody waits for the answer any more.
        if let (Some(written), Some(Ok(_))) = (&self.written, &self.result) {
            written.note();
        }
        if self.reply.send(self.result.transpose()).is_err() {
            tracing::trace!("nobody waited for the end of a unit of work");
        }
    }
}
