//! One answer on its way: opened, timed, decoded, ended, whatever language it is told in.

use std::{collections::VecDeque, future::Future, time::Duration};

use futures::{StreamExt, stream};
use tokio::time::Instant;

use super::secrets::Secrets;
use crate::{
    chat::{Delta, DeltaStream, FinishReason},
    config::Timeouts,
    error::{ModelError, Wait},
};

/// After a sign of life a model may think in silence for so many times as long as for its first word.
const THINKING: u32 = 3;
/// How long after the finish reason the usage is waited for.
const USAGE: Duration = Duration::from_millis(500);

/// A request and what is read of its answer.
pub(crate) trait Exchange: Send + 'static {
    /// Sends the request where that was not done, takes in one piece of the answer and gives what it says; false at
    /// the end of the body.
    fn receive(
        &mut self,
        pending: &mut VecDeque<Delta>,
    ) -> impl Future<Output = Result<bool, ModelError>> + Send;

    /// The body is at its end: what was held back is given.
    fn end(&mut self, pending: &mut VecDeque<Delta>);

    /// How far the answer has come.
    fn progress(&mut self) -> &mut Progress;

    fn timeouts(&self) -> &Timeouts;

    fn secrets(&self) -> &Secrets;
}

/// How far an answer has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Anything came of the provider, be it a sign of life.
    pub(crate) lives: bool,
    /// Where the answer ended, told last so that nothing follows it.
    pub(crate) finish: Option<FinishReason>,
}

/// The deltas of an exchange. Nothing happens before the stream is polled.
pub(crate) fn deltas(exchange: impl Exchange) -> DeltaStream {
    // In a box, since it is handed on with each delta.
    stream::unfold(Some(Box::new(Reply::new(exchange))), |reply| async move {
        let mut reply = reply?;
        let item = reply.next().await?;
        let rest = item.is_ok().then_some(reply);
        Some((item, rest))
    })
    .boxed()
}

struct Reply<E> {
    exchange: E,
    pending: VecDeque<Delta>,
    /// When the whole answer must be there; set by the first poll.
    deadline: Option<Instant>,
    /// When the usage must be there, after the finish reason.
    finished: Option<Instant>,
    spoke: bool,
    ended: bool,
}

impl<E: Exchange> Reply<E> {
    fn new(exchange: E) -> Self {
        let pending = VecDeque::new();
        Self { exchange, pending, deadline: None, finished: None, spoke: false, ended: false }
    }

    async fn next(&mut self) -> Option<Result<Delta, ModelError>> {
        let begun = Instant::now();
        let total = self.exchange.timeouts().total;
        self.deadline.get_or_insert(begun + total);
        loop {
            if let Some(delta) = self.pending.pop_front() {
                self.spoke = true;
                return Some(Ok(delta));
            }
            if self.ended {
                return self.exchange.progress().finish.take().map(|finish| Ok(Delta::Finish(finish)));
            }
            // Whatever came shows that the other side is at work, and the wait begins anew.
            let (until, what) = self.patience();
            let outcome = tokio::time::timeout_at(until, self.exchange.receive(&mut self.pending)).await;
            let error = match outcome {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) if self.exchange.progress().lives => {
                    ModelError::CutShort { detail: "the stream ended without a finish reason".to_owned() }
                }
                Ok(Ok(false)) => ModelError::CutShort { detail: "there was nothing in it".to_owned() },
                Ok(Err(error)) => error,
                Err(_) => ModelError::Timeout { what },
            };
            self.ended = true;
            self.exchange.end(&mut self.pending);
            // After the finish reason only the usage can be missing, which is no reason to lose an answer.
            if self.exchange.progress().finish.is_none() {
                return Some(Err(self.exchange.secrets().hide(error)));
            }
        }
    }

    /// Until when the next piece must be there, and what was waited for if it is not.
    fn patience(&mut self) -> (Instant, Wait) {
        let (now, timeouts) = (Instant::now(), *self.exchange.timeouts());
        let deadline = *self.deadline.get_or_insert(now + timeouts.total);
        if self.exchange.progress().finish.is_some() {
            return (*self.finished.get_or_insert(now + USAGE), Wait::Idle);
        }
        let (wait, what) = match (self.spoke, self.exchange.progress().lives) {
            (true, _) => (timeouts.idle, Wait::Idle),
            (false, true) => (timeouts.first_token.saturating_mul(THINKING), Wait::FirstToken),
            (false, false) => (timeouts.first_token, Wait::FirstToken),
        };
        if now + wait < deadline { (now + wait, what) } else { (deadline, Wait::Total) }
    }
}
