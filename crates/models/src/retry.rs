//! Backoff, as long as nothing of an answer has been given out.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use kontor_core::{environment::Environment, error::Chain};

use crate::{
    chat::{ChatModel, ChatRequest, Delta, DeltaStream},
    error::ModelError,
};

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
    /// The wait after failure number `failures` (from 1), or `None` to give up. `jitter` is in 0 to 1.
    fn wait(&self, failures: u32, error: &ModelError, jitter: f64) -> Option<Duration> {
        if failures >= self.attempts || !error.is_retryable() {
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

/// Asks the model, and asks again after failures that may pass, until the first delta was given out. What
/// fails later is for the caller, who knows what the delta has caused.
pub fn with_retries(
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    policy: RetryPolicy,
    environment: Environment,
) -> DeltaStream {
    let state = Attempts { model, request, policy, environment, failures: 0, open: None };
    stream::unfold(state, |mut state| async move {
        let item = state.next().await?;
        Some((item, state))
    })
    .boxed()
}

struct Attempts {
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    policy: RetryPolicy,
    environment: Environment,
    failures: u32,
    open: Option<DeltaStream>,
}

impl Attempts {
    async fn next(&mut self) -> Option<Result<Delta, ModelError>> {
        if let Some(open) = &mut self.open {
            return open.next().await;
        }
        loop {
            let mut attempt = self.model.stream(self.request.clone());
            let error = match attempt.next().await {
                Some(Err(error)) => error,
                first => {
                    self.open = Some(attempt);
                    return first;
                }
            };
            self.failures += 1;
            let jitter = f64::from(u16::from_le_bytes(self.environment.random())) / f64::from(u16::MAX);
            match self.policy.wait(self.failures, &error, jitter) {
                Some(wait) => {
                    tracing::warn!(model = self.model.name(), failures = self.failures, ?wait, error = %Chain(&error), "asking the model again");
                    tokio::time::sleep(wait).await;
                }
                None => {
                    self.open = Some(stream::empty().boxed());
                    return Some(Err(error));
                }
            }
        }
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
        let error = ModelError::Server { status: 503, message: String::new() };
        let waits: Vec<_> = (1..=5).map(|failures| policy.wait(failures, &error, 1.0)).collect();
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(waits, [seconds(1), seconds(2), seconds(3), seconds(3), None]);
    }

    #[test]
    fn the_provider_decides_the_wait_within_the_bound() {
        let policy = RetryPolicy::default();
        let limited = |seconds| ModelError::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(policy.wait(1, &limited(7), 0.0), Some(Duration::from_secs(7)));
        assert_eq!(policy.wait(1, &limited(600), 0.0), None);
    }

    #[test]
    fn a_refused_key_is_not_tried_again() {
        assert_eq!(RetryPolicy::default().wait(1, &ModelError::Unauthorized, 0.0), None);
    }
}
