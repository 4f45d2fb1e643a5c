//! Which model answers a step: the agent's own, or one of the workspace's fallbacks where it cannot.

use std::{sync::Arc, time::Duration};

use kontor_core::{
    error::{Chain, Fault as _, Problem},
    time::Timestamp,
    turn::{AnsweredBy, InsteadOf},
};
use kontor_models::{Breaker, ChatModel, DEFAULT, ModelError, Models, Pass, RetryPolicy, Setback, Tries};

use super::Run;
use crate::{
    error::Error,
    machine::{Input, Partial},
};

/// The requests that a step may cost over all models that are asked.
const MOST_REQUESTS: u32 = 12;
/// A step that has taken so long is not begun again with another model.
const LONGEST: Duration = Duration::from_secs(240);

/// The models that were asked for a step's answer, over all its restarts in this process.
#[derive(Default)]
pub(super) struct Route {
    step: u32,
    /// When the step was asked for first.
    begun: Option<Timestamp>,
    /// The model that was asked last, and its requests.
    last: Option<(String, Tries)>,
    /// The requests to others before it.
    spent: u32,
    /// The models that are asked no more, as they stand in the chain.
    passed: Vec<Passed>,
}

struct Passed {
    model: String,
    setback: Setback,
    /// It failed lately, and was not asked for this step.
    is_left_alone: bool,
}

/// A model that is asked.
pub(super) struct Chosen {
    pub(super) model: Arc<dyn ChatModel>,
    pub(super) tries: Tries,
    pub(super) retries: RetryPolicy,
    pass: Option<Pass>,
    /// What gave no answer before it, where it is not the agent's own.
    instead_of: Option<InsteadOf>,
}

impl Chosen {
    /// Whether it is asked in the place of the agent's own.
    pub(super) fn is_stand_in(&self) -> bool {
        self.instead_of.is_some()
    }

    /// It answered.
    pub(super) fn answered(self) -> AnsweredBy {
        if let Some(pass) = self.pass {
            pass.succeeded();
        }
        AnsweredBy { model: self.model.name().to_owned(), instead_of: self.instead_of }
    }
}

impl Route {
    fn is_passed(&self, model: &str) -> bool {
        self.passed.iter().any(|passed| passed.model == model)
    }

    /// Whether it is the one that was asked last.
    fn is_asked(&self, model: &str) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| last == model)
    }

    fn pass_over(&mut self, model: &str, setback: Setback) {
        if !self.is_passed(model) {
            self.passed.push(Passed { model: model.to_owned(), setback, is_left_alone: false });
        }
    }

    fn leave_alone(&mut self, model: &str, setback: Setback) {
        self.passed.push(Passed { model: model.to_owned(), setback, is_left_alone: true });
    }

    fn requests(&self) -> u32 {
        self.spent + self.last.as_ref().map_or(0, |(_, tries)| tries.requests())
    }

    /// The requests of a model for this step, which is asked next.
    fn tries(&mut self, model: &str) -> Tries {
        match &self.last {
            Some((last, tries)) if last == model => tries.clone(),
            _ => {
                self.spent = self.requests();
                let tries = Tries::default();
                self.last = Some((model.to_owned(), tries.clone()));
                tries
            }
        }
    }

    /// The problem of a step that no model answered: that of the first, with the others that were asked.
    fn problem(&self) -> Option<Problem> {
        let (first, others) = self.passed.split_first()?;
        let mut problem = first.setback.problem.clone();
        if !others.is_empty() {
            let told: Vec<_> =
                others.iter().map(|other| format!("{} {}", other.model, other.setback.because)).collect();
            let message =
                format!("{}: {} Nor did another answer: {}.", first.model, problem.message, told.join(", "));
            problem.message = message;
        }
        Some(problem)
    }
}

impl Run<'_> {
    /// The model that is to be asked for the step: the first of the agent's own (`wanted`) and the workspace's
    /// fallbacks that is not passed over.
    ///
    /// # Errors
    /// [`Error::Unanswered`], where none is left.
    pub(super) async fn choose(&mut self, models: &Models, wanted: &str) -> Result<Chosen, Error> {
        let step = self.state.step_number();
        if self.route.step != step {
            let begun = Some(self.agents.0.environment.now());
            self.route = Route { step, begun, ..Route::default() };
        }
        for (position, name) in chain(models, wanted).enumerate() {
            let model = match models.resolve(name).await {
                Ok(model) => model,
                Err(error) => {
                    let setback = Setback { because: error.because(), problem: error.problem() };
                    self.route.pass_over(models.meant(name).unwrap_or(DEFAULT), setback);
                    continue;
                }
            };
            if self.route.is_passed(model.name()) {
                continue;
            }
            let pass = match model.breaker() {
                None => None,
                // Its answer broke off, and it is asked for it again.
                Some(breaker) if self.route.is_asked(model.name()) => Some(breaker.insist()),
                Some(breaker) => match breaker.admit() {
                    Ok(pass) => Some(pass),
                    Err(setback) => {
                        self.route.leave_alone(model.name(), setback);
                        continue;
                    }
                },
            };
            return Ok(self.chosen(models, wanted, position, model, pass).await);
        }
        // Rather one that failed lately than none.
        if self.route.requests() == 0
            && let Some(position) = self.route.passed.iter().position(|passed| passed.is_left_alone)
        {
            let name = self.route.passed.remove(position).model;
            if let Ok(model) = models.resolve(&name).await {
                let pass = model.breaker().map(Breaker::insist);
                return Ok(self.chosen(models, wanted, position, model, pass).await);
            }
        }
        Err(Error::Unanswered(self.route.problem().unwrap_or_else(Problem::internal)))
    }

    async fn chosen(
        &mut self,
        models: &Models,
        wanted: &str,
        position: usize,
        model: Arc<dyn ChatModel>,
        pass: Option<Pass>,
    ) -> Chosen {
        let mut retries = self.agents.0.settings.retries;
        if self.has_another(models, wanted, model.name()).await {
            retries = retries.before_another();
        }
        let instead_of = self.route.passed.first().filter(|_| position > 0).map(|passed| InsteadOf {
            model: passed.model.clone(),
            because: passed.setback.because.to_owned(),
        });
        let tries = self.route.tries(model.name());
        let retries = retries.at_most(MOST_REQUESTS.saturating_sub(self.route.spent));
        Chosen { model, tries, retries, pass, instead_of }
    }

    /// Whether another model than this one may be asked for the step.
    async fn has_another(&self, models: &Models, wanted: &str, asked: &str) -> bool {
        let now = self.agents.0.environment.now();
        let is_late = self.route.begun.is_some_and(|begun| now.since(begun) >= LONGEST);
        if models.fallbacks().is_empty() || is_late || self.route.requests() >= MOST_REQUESTS {
            return false;
        }
        for name in chain(models, wanted) {
            let Ok(model) = models.resolve(name).await else { continue };
            let is_open = || model.breaker().is_some_and(|breaker| breaker.is_open());
            if model.name() != asked && !self.route.is_passed(model.name()) && !is_open() {
                return true;
            }
        }
        false
    }

    /// Takes a model out of the step that was chosen and cannot be asked, as its window is too small.
    pub(super) fn pass_over(&mut self, chosen: &Chosen, error: &Error) {
        let setback = Setback { because: "has too small a context window", problem: error.problem() };
        self.route.pass_over(chosen.model.name(), setback);
    }

    /// What follows where the model that was asked gave no whole answer.
    pub(super) async fn no_answer(
        &mut self,
        chosen: Chosen,
        error: &ModelError,
        partial: Partial,
    ) -> Result<Input, Error> {
        let Chosen { model, tries, retries, pass, instead_of: _ } = chosen;
        let mut problem = model.problem_of(error);
        tracing::warn!(model = model.name(), error = %Chain(error), "the model gave no whole answer");
        metrics::counter!("model_answers_failed_total", "code" => problem.code.clone().into_owned())
            .increment(1);
        let setback = Setback { because: error.because(), problem: problem.clone() };
        if let Some(pass) = pass {
            pass.failed(error, setback.clone());
        }
        let restarts = self.state.step().map_or(0, |step| step.restarts);
        let is_left = restarts < self.agents.0.settings.limits.restarts && tries.are_left(retries);
        let may_retry = error.is_retryable() && is_left;
        let mut goes_on = false;
        if !may_retry {
            self.route.pass_over(model.name(), setback);
            if error.is_of_the_model() {
                let models = self.agents.models_of(self.workspace).await?;
                let agent = self.agents.agent(self.workspace, self.session.agent).await?;
                goes_on = self.has_another(&models, &agent.definition.model, model.name()).await;
            }
            if goes_on {
                metrics::counter!("model_fallbacks_total", "code" => problem.code.clone().into_owned())
                    .increment(1);
                problem.message = format!("{} {}. Another model is asked.", model.name(), error.because());
            } else if let Some(of_all) = self.route.problem() {
                problem = of_all;
            }
        }
        Ok(Input::ModelFailed { problem, may_retry, goes_on, partial })
    }
}

/// The models that may be asked, in their order.
fn chain<'n>(models: &'n Models, wanted: &'n str) -> impl Iterator<Item = &'n str> {
    std::iter::once(wanted).chain(models.fallbacks().iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use kontor_core::{environment::Environment, error::ErrorKind};
    use kontor_models::{Capabilities, ChatRequest, DeltaStream, with_retries};

    use super::*;

    fn setback(because: &'static str, message: &str) -> Setback {
        Setback { because, problem: Problem::new(ErrorKind::Unavailable, "model_failed", message) }
    }

    #[test]
    fn the_problem_is_the_first_ones_with_the_others_named() {
        let mut route = Route::default();
        assert!(route.problem().is_none());
        route.pass_over("a/x", setback("failed", "It failed."));
        assert_eq!(route.problem().unwrap().message, "It failed.");
        route.pass_over("b/y", setback("broke off", "Cut."));
        route.pass_over("a/x", setback("broke off", "A second time."));
        route.pass_over("c/z", setback("failed", "It failed too."));
        let told = "a/x: It failed. Nor did another answer: b/y broke off, c/z failed.";
        assert_eq!(route.problem().unwrap().message, told);
    }

    #[tokio::test]
    async fn requests_are_counted_over_all_models_that_were_asked() {
        let mut route = Route::default();
        let retries = RetryPolicy { attempts: 2, first_wait: Duration::ZERO, longest_wait: Duration::ZERO };
        for (name, requests) in [("p/a", 2), ("p/a", 2), ("p/b", 4), ("p/c", 6)] {
            let tries = route.tries(name);
            if tries.are_left(retries) {
                let request = ChatRequest::new([], []);
                let deltas =
                    with_retries(Arc::new(Down), request, retries, Environment::system(), tries.clone());
                assert!(deltas.collect::<Vec<_>>().await[0].is_err());
            }
            assert!(!tries.are_left(retries));
            assert_eq!(route.requests(), requests, "{name}");
        }
    }

    /// A model that is never there.
    struct Down;

    impl ChatModel for Down {
        fn name(&self) -> &str {
            "down"
        }

        fn capabilities(&self) -> Capabilities {
            Capabilities {
                language: false,
                tools: true,
                parallel_tool_calls: true,
                context_window: None,
                max_output_tokens: None,
                thinking: false,
                vision: false,
            }
        }

        fn stream(&self, _: ChatRequest) -> DeltaStream {
            let error = ModelError::Unreachable { source: "closed".into() };
            Box::pin(futures::stream::iter([Err(error)]))
        }
    }
}
