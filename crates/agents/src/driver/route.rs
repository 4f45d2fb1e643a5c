//! Which model answers a step: the agent's own, or one of the workspace's fallbacks where it cannot.

use std::{sync::Arc, time::Duration};

use kontor_core::{
    error::{Chain, ErrorKind, Fault as _, Problem},
    time::Timestamp,
    turn::{AnsweredBy, InsteadOf},
};
use kontor_models::{ChatModel, DEFAULT, ModelError, Models, Pass, RetryPolicy, Tries};

use super::Run;
use crate::{
    definition::Definition,
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
    /// The models that are asked no more or were not asked, as they stand in the chain.
    passed: Vec<Passed>,
}

struct Passed {
    model: String,
    /// What to say after its name: `could not be reached`.
    because: &'static str,
    problem: Problem,
    standing: Standing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is asked no more.
    Spent,
    /// It failed lately, and was not asked for this step.
    LeftAlone,
    /// It failed lately, and is asked all the same, as no other is left.
    Asked,
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
    /// Its answer begins.
    pub(super) fn begins(&mut self) {
        if let Some(pass) = &mut self.pass {
            pass.begins();
        }
    }

    /// Whether it is asked in the place of the agent's own.
    pub(super) fn is_stand_in(&self) -> bool {
        self.instead_of.is_some()
    }

    /// It answered.
    pub(super) fn answered(self) -> AnsweredBy {
        if let Some(pass) = self.pass {
            pass.succeeded();
        }
        AnsweredBy { model: self.model.name().to_owned(), instead_of: self.instead_of, sent: None }
    }
}

impl Route {
    fn standing(&self, model: &str) -> Option<Standing> {
        self.passed.iter().find(|passed| passed.model == model).map(|passed| passed.standing)
    }

    /// Whether it is the one that was asked last.
    fn is_asked(&self, model: &str) -> bool {
        self.last.as_ref().is_some_and(|(last, _)| last == model)
    }

    fn pass_over(&mut self, model: &str, because: &'static str, problem: Problem) {
        let spent = Passed { model: model.to_owned(), because, problem, standing: Standing::Spent };
        match self.passed.iter_mut().find(|passed| passed.model == model) {
            None => self.passed.push(spent),
            Some(passed) if passed.standing == Standing::Spent => {}
            Some(passed) => *passed = spent,
        }
    }

    /// What it failed with may have been another workspace's request, of which only the kind is known here.
    fn leave_alone(&mut self, model: &str, because: &'static str) {
        let message = format!("{model} {because} lately and is left alone for a while.");
        let problem = Problem::new(ErrorKind::Unavailable, "model_left_alone", message);
        let standing = Standing::LeftAlone;
        self.passed.push(Passed { model: model.to_owned(), because, problem, standing });
    }

    /// The models that were left alone for this step.
    fn left_alone(&self) -> Vec<String> {
        let left = self.passed.iter().filter(|passed| passed.standing == Standing::LeftAlone);
        left.map(|passed| passed.model.clone()).collect()
    }

    fn set_standing(&mut self, model: &str, standing: Standing) {
        for passed in self.passed.iter_mut().filter(|passed| passed.model == model) {
            passed.standing = standing;
        }
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
        let mut problem = first.problem.clone();
        if !others.is_empty() {
            let told: Vec<_> = others.iter().map(Passed::told).collect();
            let before = match first.standing {
                Standing::LeftAlone => String::new(),
                Standing::Spent | Standing::Asked => format!("{}: ", first.model),
            };
            let message = format!("{before}{} Nor did another answer: {}.", problem.message, told.join(", "));
            problem.message = message;
        }
        Some(problem)
    }
}

impl Passed {
    fn told(&self) -> String {
        let lately = if self.standing == Standing::LeftAlone { " lately" } else { "" };
        format!("{} {}{lately}", self.model, self.because)
    }
}

impl Run<'_> {
    /// The model that is to be asked for the step: the first of the agent's own and its or the workspace's
    /// fallbacks that is not passed over.
    ///
    /// # Errors
    /// [`Error::Unanswered`], where none is left.
    pub(super) async fn choose(&mut self, models: &Models, agent: &Definition) -> Result<Chosen, Error> {
        let step = self.state.step_number();
        if self.route.step != step {
            let begun = Some(self.agents.0.environment.now());
            self.route = Route { step, begun, ..Route::default() };
        }
        for name in chain(models, agent) {
            let model = match models.resolve(name).await {
                Ok(model) => model,
                Err(error) => {
                    let meant = models.meant(name).unwrap_or(DEFAULT);
                    self.route.pass_over(meant, error.because(), error.problem());
                    continue;
                }
            };
            if self.route.standing(model.name()).is_some_and(|standing| standing != Standing::Asked) {
                continue;
            }
            let pass = match model.breaker() {
                None => None,
                // Its answer broke off, and it is asked for it again.
                Some(breaker) if self.route.is_asked(model.name()) => Some(breaker.insist()),
                Some(breaker) => match breaker.admit() {
                    Ok(pass) => Some(pass),
                    Err(because) => {
                        self.route.leave_alone(model.name(), because);
                        continue;
                    }
                },
            };
            return Ok(self.chosen(models, agent, model, pass).await);
        }
        // Rather one that failed lately than none, and first one whose pause is over.
        let mut left = Vec::new();
        for name in self.route.left_alone() {
            if let Ok(model) = models.resolve(&name).await {
                left.push(model);
            }
        }
        let is_open = |model: &Arc<dyn ChatModel>| model.breaker().is_some_and(|breaker| breaker.is_open());
        if let Some(model) = left.into_iter().min_by_key(is_open) {
            self.route.set_standing(model.name(), Standing::Asked);
            let pass = model.breaker().map(|breaker| breaker.admit().unwrap_or_else(|_| breaker.insist()));
            return Ok(self.chosen(models, agent, model, pass).await);
        }
        Err(Error::Unanswered(self.route.problem().unwrap_or_else(Problem::internal)))
    }

    async fn chosen(
        &mut self,
        models: &Models,
        agent: &Definition,
        model: Arc<dyn ChatModel>,
        pass: Option<Pass>,
    ) -> Chosen {
        let mut retries = self.agents.0.settings.retries;
        if self.has_another(models, agent, model.name()).await {
            retries = retries.before_another();
        }
        let instead_of = self.route.passed.first().filter(|passed| passed.model != model.name());
        let instead_of = instead_of
            .map(|passed| InsteadOf { model: passed.model.clone(), because: passed.because.to_owned() });
        let tries = self.route.tries(model.name());
        let retries = retries.at_most(MOST_REQUESTS.saturating_sub(self.route.spent));
        Chosen { model, tries, retries, pass, instead_of }
    }

    /// Whether another model than this one may be asked for the step.
    async fn has_another(&self, models: &Models, agent: &Definition, asked: &str) -> bool {
        let now = self.agents.0.environment.now();
        let is_late = self.route.begun.is_some_and(|begun| now.since(begun) >= LONGEST);
        if fallbacks(models, agent).is_empty() || is_late || self.route.requests() >= MOST_REQUESTS {
            return false;
        }
        for name in chain(models, agent) {
            let Ok(model) = models.resolve(name).await else { continue };
            let is_open = || model.breaker().is_some_and(|breaker| breaker.is_open());
            let is_spent = self.route.standing(model.name()) == Some(Standing::Spent);
            if model.name() != asked && !is_spent && !is_open() {
                return true;
            }
        }
        false
    }

    /// Takes a model out of the step that was chosen and cannot be asked, as its window is too small.
    pub(super) fn pass_over(&mut self, chosen: &Chosen, error: &Error) {
        self.route.pass_over(chosen.model.name(), "has too small a context window", error.problem());
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
        let restarts = self.state.step().map_or(0, |step| step.restarts);
        let is_left = restarts < self.agents.0.settings.limits.restarts && tries.are_left(retries);
        let may_retry = error.is_retryable() && is_left;
        let mut goes_on = false;
        if !may_retry {
            // Once for the step, however often it was begun again: one request is not to speak for all of them.
            if let Some(pass) = pass {
                pass.failed(error);
            }
            self.route.pass_over(model.name(), error.because(), problem.clone());
            if error.is_of_the_model() {
                let models = self.agents.models_of(self.workspace).await?;
                let (id, version) = self.acting();
                let agent = self.agents.agent_at(self.workspace, id, version).await?;
                goes_on = self.has_another(&models, &agent.definition, model.name()).await;
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
fn chain<'n>(models: &'n Models, agent: &'n Definition) -> impl Iterator<Item = &'n str> {
    std::iter::once(agent.model.as_str()).chain(fallbacks(models, agent).iter().map(String::as_str))
}

/// The agent's own fallbacks, or those of the workspace.
fn fallbacks<'n>(models: &'n Models, agent: &'n Definition) -> &'n [String] {
    agent.fallbacks.as_deref().unwrap_or_else(|| models.fallbacks())
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use kontor_core::environment::Environment;
    use kontor_models::{Capabilities, ChatRequest, DeltaStream, with_retries};

    use super::*;

    fn failure(message: &str) -> Problem {
        Problem::new(ErrorKind::Unavailable, "model_failed", message)
    }

    #[test]
    fn the_problem_is_the_first_ones_with_the_others_named() {
        let mut route = Route::default();
        assert!(route.problem().is_none());
        route.pass_over("a/x", "failed", failure("It failed."));
        assert_eq!(route.problem().unwrap().message, "It failed.");
        route.pass_over("b/y", "broke off", failure("Cut."));
        route.pass_over("a/x", "broke off", failure("A second time."));
        route.leave_alone("c/z", "failed");
        let told = "a/x: It failed. Nor did another answer: b/y broke off, c/z failed lately.";
        assert_eq!(route.problem().unwrap().message, told);
    }

    #[test]
    fn of_a_model_that_is_left_alone_the_kind_of_its_failure_is_told() {
        let mut route = Route::default();
        route.leave_alone("a/x", "limits the rate of requests");
        let told = route.problem().unwrap();
        let message = "a/x limits the rate of requests lately and is left alone for a while.";
        assert_eq!((told.message.as_str(), told.retry_after), (message, None));
        route.pass_over("b/y", "failed", failure("It failed."));
        assert_eq!(
            route.problem().unwrap().message,
            format!("{message} Nor did another answer: b/y failed.")
        );
        assert_eq!(route.left_alone(), ["a/x"]);
        route.set_standing("a/x", Standing::Asked);
        assert!(route.left_alone().is_empty());
        route.pass_over("a/x", "broke off", failure("Cut."));
        assert_eq!(route.problem().unwrap().message, "a/x: Cut. Nor did another answer: b/y failed.");
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
            Capabilities::COMMANDS
        }

        fn stream(&self, _: ChatRequest) -> DeltaStream {
            let error = ModelError::Unreachable { source: "closed".into() };
            Box::pin(futures::stream::iter([Err(error)]))
        }
    }
}
