//! What an answer uses up, and whether there is anything left for it.

use std::{sync::Arc, time::Duration};

use kontor_core::{
    error::{ErrorKind, Problem},
    ids::{AgentId, MemberId, WorkspaceId},
    locale::TimeZone,
    reading::readable,
    time::{Date, Timestamp},
    turn::TurnEvent,
    usage::{Spent, StepUsage, dollars},
};
use kontor_models::{Assembler, ChatModel, ChatRequest, Usage};
use tokio::time::Instant;

use super::Run;
use crate::{
    engine::{Agents, LoadedAgent},
    error::Error,
    history,
    rows::{
        budgets::BudgetRow,
        usage::{self, DaySpent, Whose},
    },
    stored::BudgetScope,
    workspace_budgets::Budgets,
};

/// Counts what an answer of a model uses up.
pub(super) struct Meter {
    model: Arc<dyn ChatModel>,
    request: ChatRequest,
    /// Tokens of the request's tools, estimated.
    tools: usize,
    asked_at: Instant,
    time_zone: TimeZone,
}

impl Meter {
    /// What was used up for an answer, or for as much of it as came. A model that is none of language costs nothing, nor
    /// does a request of which nothing came.
    pub(super) fn read(&self, answer: &Assembler, now: Timestamp) -> Option<StepUsage> {
        if !self.model.capabilities().language || !answer.has_begun() {
            return None;
        }
        let told = answer.usage().unwrap_or_default();
        let usage = self.completed(told, answer);
        let read = StepUsage {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            cache_write_tokens: usage.cache_write_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            model: self.model.name().to_owned(),
            cost_micros: self.model.pricing().map(|pricing| pricing.cost(&usage)),
            latency_ms: u64::try_from(self.took().as_millis()).unwrap_or(u64::MAX),
            estimated: usage != told,
            day: Some(self.time_zone.date(now)),
        };
        Some(read.bounded())
    }

    /// What the provider told, with what it did not tell estimated. Most tell it with the end of the answer alone, so
    /// that who ends each answer before would never pay for one.
    fn completed(&self, told: Usage, answer: &Assembler) -> Usage {
        let number = |tokens: usize| u64::try_from(tokens).unwrap_or(u64::MAX);
        let mut usage = told;
        if told.input_tokens == 0 {
            let messages = self.request.messages.iter().map(history::tokens).sum::<usize>();
            usage.input_tokens = number(messages + self.tools);
        }
        if told.output_tokens == 0 || !answer.is_whole() {
            usage.output_tokens = told.output_tokens.max(number(answer.tokens()));
        }
        usage
    }

    pub(super) fn took(&self) -> Duration {
        self.asked_at.elapsed()
    }
}

impl Run<'_> {
    /// What counts an answer of the model that is asked now, with so many tokens of tools: by this agent, or before one is
    /// chosen.
    ///
    /// # Errors
    /// [`Error::BudgetReached`] where nothing is left of a budget. What other turns have committed counts; what they are
    /// being answered at this moment does not.
    pub(super) async fn meter(
        &self,
        agent: Option<&LoadedAgent>,
        model: &Arc<dyn ChatModel>,
        request: &ChatRequest,
        tools: usize,
    ) -> Result<Meter, Error> {
        let budgets = self.agents.budgets_of(self.workspace).await?;
        if model.capabilities().language {
            let agent = agent.map(|agent| (agent.id, &*agent.definition.label));
            let spender = Spender { agent, member: self.member };
            self.agents.check_budgets(self.workspace, spender, &budgets, self.state.spent).await?;
            let of_turn = budgets.of_turn();
            if of_turn.is_some_and(|budget| self.counted().any(|counted| budget.is_used_up(counted))) {
                return Err(share_reached());
            }
            if let Some(account) = &self.agents.0.settings.account {
                account.check(agent, self.state.spent).await?;
            }
        }
        Ok(Meter {
            model: model.clone(),
            request: request.clone(),
            tools,
            asked_at: Instant::now(),
            time_zone: budgets.time_zone,
        })
    }

    /// Counts what answers among these events of the turn's agent have used up where it is counted beside the workspace.
    pub(super) async fn charge(&self, own: AgentId, events: &[TurnEvent]) -> Result<(), Error> {
        let Some(account) = &self.agents.0.settings.account else { return Ok(()) };
        for event in events {
            let agent = match event {
                // One that was asked pays for itself.
                TurnEvent::AgentEvent { agent, .. } => agent.id,
                _ => own,
            };
            if let TurnEvent::Usage { turn, step, usage } = event.inner() {
                account.charge(agent, *turn, *step, usage).await?;
            }
        }
        Ok(())
    }
}

/// Whose budgets an answer is held against.
#[derive(Clone, Copy)]
pub(crate) struct Spender<'s> {
    /// With its label; none before one is chosen.
    pub(crate) agent: Option<(AgentId, &'s str)>,
    pub(crate) member: MemberId,
}

impl Agents {
    /// Whether anything is left of a workspace's budgets, for a turn that has used up so much.
    ///
    /// # Errors
    /// [`Error::BudgetReached`].
    pub(crate) async fn check_budgets(
        &self,
        workspace: WorkspaceId,
        Spender { agent, member: of_member }: Spender<'_>,
        budgets: &Budgets,
        spent: Spent,
    ) -> Result<(), Error> {
        if budgets.is_empty() {
            return Ok(());
        }
        if let Some(budget) = budgets.of_turn().filter(|budget| budget.is_used_up(spent)) {
            return Err(reached(budget, spent, "This message has", None));
        }
        let (of_agent, label) = agent.unzip();
        let of_day: Vec<&BudgetRow> = budgets.of_day(of_agent, of_member).collect();
        if of_day.is_empty() {
            return Ok(());
        }
        let now = self.0.environment.now();
        let today = budgets.time_zone.date(now);
        let is_of = |scope| of_day.iter().any(|budget| budget.scope == scope);
        let whose = Whose {
            all: is_of(BudgetScope::Workspace),
            agent: of_agent.filter(|_| is_of(BudgetScope::Agent)),
            member: is_of(BudgetScope::Member).then_some(of_member),
        };
        let namespace = self.namespace(workspace).await?;
        let day: DaySpent = namespace
            .read((today, whose), |tx, &(today, whose)| Box::pin(usage::of_day(tx, today, whose)))
            .await?;
        for budget in of_day {
            let (spent, who) = match budget.scope {
                BudgetScope::Agent => (day.agent, format!("The agent {} has", label.unwrap_or_default())),
                BudgetScope::Member => (day.member, "You have".to_owned()),
                BudgetScope::Workspace | BudgetScope::Turn => (day.workspace, "The workspace has".to_owned()),
            };
            if budget.is_used_up(spent) {
                return Err(reached(budget, spent, &who, Some((today, budgets.time_zone, now))));
            }
        }
        Ok(())
    }
}

/// That an agent that was asked has nothing left of what it may use up of the budget of a message.
fn share_reached() -> Error {
    let message = "It has used up its share of the budget of a message. Ask it for less.";
    Error::BudgetReached(Box::new(Problem::new(ErrorKind::Limited, "budget_reached", message)))
}

/// That nothing is left of a budget: of a day, with when the next one begins.
fn reached(budget: &BudgetRow, spent: Spent, who: &str, day: Option<(Date, TimeZone, Timestamp)>) -> Error {
    let tokens = |count: u64| readable(&count.to_string());
    let used = match (budget.tokens(), budget.cost_micros()) {
        (Some(limit), _) if budget.is_out_of_tokens(spent) => {
            format!("{} of {} tokens", tokens(spent.tokens), tokens(limit))
        }
        (_, limit) => format!("{} of {}", dollars(spent.cost_micros), dollars(limit.unwrap_or(0))),
    };
    let kind = ErrorKind::Limited;
    let Some((today, zone, now)) = day else {
        let message = format!(
            "{who} used up the budget of a message: {used}. Go on, or ask for less at a time. An admin can raise the budget."
        );
        return Error::BudgetReached(Box::new(Problem::new(kind, "budget_reached", message)));
    };
    let tomorrow = today.plus_days(1);
    let message = format!(
        "{who} used up the budget of this day: {used}. It begins anew on {tomorrow} at 00:00 ({zone}). An admin can raise it."
    );
    let mut problem = Problem::new(kind, "budget_reached", message);
    problem.retry_after = Some(zone.start_of(tomorrow).since(now));
    Error::BudgetReached(Box::new(problem))
}
