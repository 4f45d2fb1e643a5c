//! Backoff, as long as nothing of an answer has been given out.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt, stream};
use kontor_core::{environment::Environment, error::Chain};

use crate::{
    assembler::Assembler,
    chat::{ChatModel, ChatRequest, Delta, DeltaStream},
    error::ModelError,
};

/// A wait after which another model would have answered.
const SHORT_WAIT: Duration = Duration::from_secs(5);

/// How often and how patiently a request is repeated.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// The wait after the first failure; it doubles from there.
    pub first_wait: Duration,
    /// No wait is longer; a provider that asks for more gets no further attempt.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 4, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(30) }
    }
}

impl RetryPolicy {
    /// Where another model may be asked in this one's place: less of everything, for that is quicker than to wait.
    #[must_use]
    pub fn before_another(self) -> Self {
        Self { attempts: self.attempts.min(2), longest_wait: self.longest_wait.min(SHORT_WAIT), ..self }
    }

    /// At most so many attempts, and one at least.
    #[must_use]
    pub fn at_most(self, attempts: u32) -> Self {
        Self { attempts: self.attempts.min(attempts).max(1), ..self }
    }

    /// The wait after failure number `failures` (from 1), or `None` to give up. `jitter` is in 0 to 1.
    fn wait(&self, failures: u32, error: &ModelError, jitter: f64) -> Option<Duration> {
        // Who was silent for so long mostly is so again, and each such request costs minutes.
        let half = (self.attempts / 2).max(1);
        let attempts = if matches!(error, ModelError::Timeout { .. }) { half } else { self.attempts };
        if failures >= attempts || !error.is_retryable() {
            return None;
        }
        if let Some(asked) = error.retry_after() {
            return (asked <= self.longest_wait).then_some(asked);
        }
        let doubled = self.first_wait.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        // Half fixed, half random, so that clients that failed together do not come back together.
        Some(doubled.min(self.longest_wait).mul_f64(0.5 + jitter / 2.0))
    }
}

/// The requests for one answer, counted over everything that asks for it again, so that one failure costs no more of
/// them than the policy says. Cheap to clone; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tries(Arc<Mutex<Tried>>);

#[derive(Debug, Default)]
struct Tried {
    requests: u32,
    /// What is to be waited for before the next request.
    wait: Option<Duration>,
    /// The last failure is one after which asking again is no use, or the wait would be too long.
    given_up: bool,
}

impl Tries {
    /// Whether another request may follow.
    pub fn are_left(&self, policy: RetryPolicy) -> bool {
        self.with(|tried| tried.requests < policy.attempts && !tried.given_up)
    }

    /// How many there were.
    pub fn requests(&self) -> u32 {
        self.with(|tried| tried.requests)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Tried) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Asks the model, and asks again after failures that may pass, until the first delta was given out. What
/// fails later is for the caller, who knows what the delta has caused; who asks again for the same answer gives the
/// same `tries`, and the wait that the failure calls for is kept.
pub fn with_retries(
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    policy: RetryPolicy,
    environment: Environment,
    tries: Tries,
) -> DeltaStream {
    // In a box, since it is handed on with each delta.
    let state = Box::new(Attempts { model, request, policy, environment, tries, open: None });
    stream::unfold(state, |mut state| async move {
        let item = state.next().await?;
        Some((item, state))
    })
    .boxed()
}

/// Asks the model as [`with_retries`] does, and takes up its whole answer, or as much of it as there is room for.
///
/// # Errors
/// Why the answer broke off, or did not begin; what came of it is in the assembler.
pub async fn read_whole(
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    policy: RetryPolicy,
    environment: Environment,
    assembler: &mut Assembler,
) -> Result<(), ModelError> {
    let mut deltas = with_retries(model, request, policy, environment, Tries::default());
    while let Some(delta) = deltas.next().await {
        assembler.push(delta?);
        if assembler.is_full() {
            break;
        }
    }
    Ok(())
}

struct Attempts {
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    policy: RetryPolicy,
    environment: Environment,
    tries: Tries,
    open: Option<DeltaStream>,
}

impl Attempts {
    async fn next(&mut self) -> Option<Result<Delta, ModelError>> {
        if let Some(open) = &mut self.open {
            let item = open.next().await;
            if let Some(Err(error)) = &item {
                self.wait(error);
            }
            return item;
        }
        loop {
            if let Some(wait) = self.tries.with(|tried| tried.wait.take()) {
                tokio::time::sleep(wait).await;
            }
            self.tries.with(|tried| tried.requests += 1);
            let mut attempt = self.model.stream(self.request.clone());
            let error = match attempt.next().await {
                Some(Err(error)) => error,
                first => {
                    self.open = Some(attempt);
                    return first;
                }
            };
            match self.wait(&error) {
                Some(wait) => {
                    tracing::warn!(model = self.model.name(), ?wait, error = %Chain(&error), "asking the model again");
                }
                None => {
                    self.open = Some(stream::empty().boxed());
                    return Some(Err(error));
                }
            }
        }
    }

    /// The wait that follows a failure of the last request, which is kept before the next one; `None` where none may
    /// follow.
    fn wait(&self, error: &ModelError) -> Option<Duration> {
        let jitter = f64::from(u16::from_le_bytes(self.environment.random())) / f64::from(u16::MAX);
        self.tries.with(|tried| {
            tried.wait = self.policy.wait(tried.requests, error, jitter);
            tried.given_up = tried.wait.is_none();
            tried.wait
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_its_bound_and_ends_with_the_attempts() {
        let policy = RetryPolicy {
            attempts: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(3),
        };
        let error = ModelError::Server { status: 503, retry_after: None, message: String::new() };
        let waits: Vec<_> = (1..=5).map(|failures| policy.wait(failures, &error, 1.0)).collect();
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(waits, [seconds(1), seconds(2), seconds(3), seconds(3), None]);
    }

    #[test]
    fn the_provider_decides_the_wait_within_the_bound() {
        let policy = RetryPolicy::default();
        let limited = |seconds| ModelError::RateLimited {
            retry_after: Some(Duration::from_secs(seconds)),
            message: String::new(),
        };
        assert_eq!(policy.wait(1, &limited(7), 0.0), Some(Duration::from_secs(7)));
        assert_eq!(policy.wait(1, &limited(600), 0.0), None);
    }

    #[test]
    fn a_silent_server_is_asked_twice() {
        let error = ModelError::Timeout { what: crate::error::Wait::FirstToken };
        let policy = RetryPolicy::default();
        assert!(policy.wait(1, &error, 0.0).is_some());
        assert_eq!(policy.wait(2, &error, 0.0), None);
    }

    #[test]
    fn where_another_model_may_be_asked_less_is_waited_for() {
        let policy = RetryPolicy::default().before_another();
        let server = ModelError::Server { status: 503, retry_after: None, message: String::new() };
        assert!(policy.wait(1, &server, 1.0).is_some());
        assert_eq!(policy.wait(2, &server, 1.0), None);
        let silent = ModelError::Timeout { what: crate::error::Wait::FirstToken };
        assert_eq!(policy.wait(1, &silent, 0.0), None);
        let limited = |seconds| ModelError::RateLimited {
            retry_after: Some(Duration::from_secs(seconds)),
            message: String::new(),
        };
        assert!(policy.wait(1, &limited(5), 0.0).is_some());
        assert_eq!(policy.wait(1, &limited(6), 0.0), None);
        assert_eq!(RetryPolicy::default().at_most(3).wait(3, &server, 0.0), None);
        assert_eq!(RetryPolicy::default().at_most(0).attempts, 1);
    }

    #[test]
    fn a_refused_key_and_a_quota_that_is_used_up_are_not_tried_again() {
        let message = String::new();
        let refused = ModelError::Unauthorized { message: message.clone() };
        assert_eq!(RetryPolicy::default().wait(1, &refused, 0.0), None);
        assert_eq!(RetryPolicy::default().wait(1, &ModelError::QuotaUsed { message }, 0.0), None);
    }
}
