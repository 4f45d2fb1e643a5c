//! A circuit breaker for each model: one that failed several times in a row is left alone for a while, and then tried
//! by one request before it is asked as before. The pattern is that of Nygard's "Release It!".

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kontor_core::{cache::Cache, environment::Environment, time::Timestamp};

use crate::error::ModelError;

/// Failures in a row after which a model is left alone.
const FAILURES: u32 = 3;
/// For how long, the first time; each trial that fails doubles it.
const PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Models of a provider of which it is remembered how they fared.
const REMEMBERED: usize = 200;

/// How a model of one provider fares. Whoever asks it has a [`Pass`] of it and says what came of it.
///
/// Workspaces share the one of a provider of the installation, so it keeps nothing of what the provider said to one of
/// them.
pub struct Breaker {
    /// The model's id, for the log.
    model: String,
    environment: Environment,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In a row, until now.
    failures: u32,
    /// What the last of them was, as is said after its name: `could not be reached`.
    last: Option<&'static str>,
    /// How often it was opened without a success between.
    openings: u32,
    /// It is left alone until then, and after that until a request that tries it again has a word of it.
    open_until: Option<Timestamp>,
    /// The one request that tries it again is under way, without a word until now.
    is_tried: bool,
}

/// Leave to ask a model. Dropped without a word, as when nobody waits for the answer any more, it changes nothing.
pub struct Pass {
    breaker: Arc<Breaker>,
    is_trial: bool,
}

impl Breaker {
    fn new(model: String, environment: Environment) -> Self {
        Self { model, environment, state: Mutex::default() }
    }

    /// Leave to ask the model; where it is left alone, what to say after its name.
    ///
    /// # Errors
    /// It failed several times in a row and its pause is not over, or another tries it just now.
    pub fn admit(self: &Arc<Self>) -> Result<Pass, &'static str> {
        let now = self.environment.now();
        let is_trial = self.with(|state| {
            if let Some(because) = state.left_alone(now) {
                return Err(because);
            }
            state.is_tried = state.open_until.is_some();
            Ok(state.is_tried)
        })?;
        Ok(Pass { breaker: self.clone(), is_trial })
    }

    /// Leave to ask the model whatever became of it before: no other is left.
    pub fn insist(self: &Arc<Self>) -> Pass {
        Pass { breaker: self.clone(), is_trial: false }
    }

    /// Whether its pause lasts still. After it one request tries the model; who has no other need not wait for that.
    pub fn is_open(&self) -> bool {
        let now = self.environment.now();
        self.with(|state| state.is_open(now))
    }

    fn succeeded(&self) {
        let was_open = self.with(|state| std::mem::take(state).openings > 0);
        if was_open {
            tracing::info!(model = self.model, "the model answers again");
            metrics::counter!("model_circuit_changes_total", "to" => "closed").increment(1);
        }
    }

    fn failed(&self, because: &'static str, asked_to_wait: Option<Duration>) {
        let now = self.environment.now();
        let opened = self.with(|state| {
            state.failures = state.failures.saturating_add(1);
            state.last = Some(because);
            if state.failures < FAILURES || state.is_open(now) {
                return None;
            }
            let doubled = PAUSE.saturating_mul(2_u32.saturating_pow(state.openings));
            let pause = doubled.max(asked_to_wait.unwrap_or_default()).min(LONGEST_PAUSE);
            state.openings = state.openings.saturating_add(1);
            state.open_until = Some(now.plus(pause));
            Some(pause)
        });
        if let Some(pause) = opened {
            tracing::warn!(model = self.model, because, ?pause, "the model is left alone for a while");
            metrics::counter!("model_circuit_changes_total", "to" => "open").increment(1);
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn is_open(&self, now: Timestamp) -> bool {
        self.open_until.is_some_and(|until| now < until)
    }

    /// Why it is not asked now.
    fn left_alone(&self, now: Timestamp) -> Option<&'static str> {
        self.last.filter(|_| self.is_tried || self.is_open(now))
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Pass {
    /// Its answer begins: others need not wait for the end of it. One more failure leaves it alone for longer still,
    /// until an answer comes to its end.
    pub fn begins(&mut self) {
        if std::mem::take(&mut self.is_trial) {
            self.breaker.with(|state| {
                state.is_tried = false;
                state.open_until = None;
            });
        }
    }

    /// It answered, if only that it does not take the request.
    pub fn succeeded(self) {
        self.breaker.succeeded();
    }

    /// It gave no answer, which counts where another request would have fared no better.
    pub fn failed(self, error: &ModelError) {
        if error.is_against_the_model() {
            self.breaker.failed(error.because(), error.retry_after());
        } else {
            self.breaker.succeeded();
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_trial {
            self.breaker.with(|state| state.is_tried = false);
        }
    }
}

/// The breakers of a provider's models, by their names.
pub(crate) struct Breakers {
    kept: Cache<String, Arc<Breaker>>,
    environment: Environment,
}

impl Breakers {
    pub(crate) fn new(environment: Environment) -> Self {
        Self { kept: Cache::new(REMEMBERED), environment }
    }

    pub(crate) fn of(&self, provider: &str, model: &str) -> Arc<Breaker> {
        if let Some(known) = self.kept.get(model) {
            return known;
        }
        let new = Arc::new(Breaker::new(format!("{provider}/{model}"), self.environment.clone()));
        self.kept.insert(model.to_owned(), new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::environment::{ManualClock, SystemRandom};

    use super::*;
    use crate::error::Wait;

    struct Tried {
        breaker: Arc<Breaker>,
        clock: Arc<ManualClock>,
    }

    fn tried() -> Tried {
        let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
        let environment = Environment::new(clock.clone(), Arc::new(SystemRandom));
        Tried { breaker: Breakers::new(environment).of("p", "m"), clock }
    }

    fn outage() -> ModelError {
        ModelError::Timeout { what: Wait::Connect }
    }

    impl Tried {
        fn fails(&self, times: u32) {
            for _ in 0..times {
                self.breaker.admit().ok().unwrap().failed(&outage());
            }
        }

        fn passes(&self, seconds: u64) {
            self.clock.advance(Duration::from_secs(seconds));
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_begins_the_count_anew() {
        let tried = tried();
        tried.fails(2);
        tried.breaker.admit().ok().unwrap().succeeded();
        tried.fails(2);
        assert!(!tried.breaker.is_open());
        tried.fails(1);
        assert!(tried.breaker.is_open());
        assert_eq!(tried.breaker.admit().err().unwrap(), "did not answer in time");
    }

    #[test]
    fn one_request_tries_it_again_after_the_pause() {
        let tried = tried();
        tried.fails(3);
        tried.passes(29);
        assert!(tried.breaker.admit().is_err());
        tried.passes(1);
        let trial = tried.breaker.admit().ok().unwrap();
        assert!(tried.breaker.admit().is_err(), "one at a time");
        trial.succeeded();
        assert!(!tried.breaker.is_open());
        tried.fails(2);
        assert!(!tried.breaker.is_open(), "all is forgotten");
    }

    #[test]
    fn a_trial_is_over_for_others_with_the_first_word_and_counts_to_its_end() {
        let tried = tried();
        tried.fails(3);
        tried.passes(30);
        let mut trial = tried.breaker.admit().ok().unwrap();
        assert!(!tried.breaker.is_open() && tried.breaker.admit().is_err(), "who has another waits for it");
        trial.begins();
        drop(tried.breaker.admit().ok().unwrap());
        trial.failed(&outage());
        tried.passes(59);
        assert!(tried.breaker.is_open(), "it broke off, as before");
        tried.passes(1);
        assert!(!tried.breaker.is_open());
    }

    #[test]
    fn a_trial_that_fails_doubles_the_pause_up_to_its_bound() {
        let tried = tried();
        tried.fails(3);
        for pause in [30, 60, 120, 240, 300, 300] {
            tried.passes(pause - 1);
            assert!(tried.breaker.is_open(), "{pause}");
            tried.passes(1);
            tried.fails(1);
        }
    }

    #[test]
    fn a_trial_that_nobody_waits_for_leaves_the_next_one_to_others() {
        let tried = tried();
        tried.fails(3);
        tried.passes(30);
        drop(tried.breaker.admit().ok().unwrap());
        assert!(tried.breaker.admit().is_ok());
    }

    #[test]
    fn who_insists_asks_it_and_counts() {
        let tried = tried();
        tried.fails(3);
        tried.breaker.insist().failed(&outage());
        assert!(tried.breaker.is_open());
        tried.breaker.insist().succeeded();
        assert!(!tried.breaker.is_open());
    }

    #[test]
    fn a_request_that_is_refused_for_itself_says_nothing_against_the_model() {
        let tried = tried();
        let message = String::new();
        for _ in 0..5 {
            let unreadable_call =
                ModelError::Server { status: 400, retry_after: None, message: message.clone() };
            tried.breaker.admit().ok().unwrap().failed(&unreadable_call);
            let refused = ModelError::Rejected { status: 400, message: message.clone() };
            tried.breaker.admit().ok().unwrap().failed(&refused);
            tried.breaker.admit().ok().unwrap().failed(&ModelError::Filtered { message: message.clone() });
        }
        assert!(!tried.breaker.is_open());
    }

    #[test]
    fn a_provider_that_asks_for_a_longer_pause_gets_it() {
        let tried = tried();
        let limited =
            ModelError::RateLimited { retry_after: Some(Duration::from_secs(90)), message: String::new() };
        for _ in 0..3 {
            tried.breaker.admit().ok().unwrap().failed(&limited);
        }
        tried.passes(89);
        assert!(tried.breaker.is_open());
        tried.passes(1);
        assert!(!tried.breaker.is_open());
    }
}
