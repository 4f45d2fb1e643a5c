//! The agent of a session that was begun without one, chosen when its first turn runs.

use std::{sync::Arc, time::Duration};

use kontor_core::{error::Chain, turn::TurnEvent, usage::StepUsage};
use kontor_models::{Assembler, FAST};

use super::{Run, deadline, failed, limits_of, model_call::count, summary::whole};
use crate::{
    assignment::{Assignment, assign},
    choice::{self, Candidate, Known, Spoken},
    error::Error,
    log,
    machine::{GO_ON, Input, Page, Partial},
    rows::{agents, sessions::AfterAppend, turns},
    stored::Draft,
};

/// The time that the fast model has.
const LONGEST: Duration = Duration::from_secs(10);
/// Bytes of its answer. What is longer has no end.
const ANSWER_BYTES: usize = 16 * 1024;

/// What came of asking the fast model.
enum Asked {
    Chosen(Assignment),
    /// Why it has not chosen.
    Not(&'static str),
    /// The turn was stopped meanwhile.
    Stopped,
}

impl Run<'_> {
    /// Chooses the agent of a session that awaits one, by what the member may use; what ends the turn instead. Once the
    /// choice is committed it is never made again.
    pub(super) async fn choose_agent(&mut self) -> Result<Option<Input>, Error> {
        if !self.session.awaits_agent {
            return Ok(None);
        }
        if let Some(end) = self.must_end()? {
            return Ok(Some(end));
        }
        match self.chosen_agent().await {
            Ok((to, usage)) => {
                let Some(to) = to else {
                    // It was stopped.
                    let partial = || Partial { usage: usage.clone(), ..Partial::default() };
                    return Ok(Some(self.ends_with(partial).unwrap_or_else(|| failed(&Error::NoAgent))));
                };
                self.give_to(to, usage).await?;
                Ok(None)
            }
            Err(error @ (Error::Stopping | Error::LeaseLost | Error::Store(_))) => Err(error),
            Err(error) => Ok(Some(failed(&error))),
        }
    }

    /// The choice, and what it used up; none where the turn was stopped meanwhile.
    async fn chosen_agent(&self) -> Result<(Option<Assignment>, Option<StepUsage>), Error> {
        let service = &self.agents.0;
        let caller = self.principal().await?;
        let all = self.namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        let mut usable = choice::usable(&caller, all);
        if self.by.is_some() {
            // The session stays its member's, who goes on with the agent.
            let owner = service.identity.caller_of_member(self.workspace, self.session.member).await?;
            usable = choice::usable(&owner, usable);
        }
        let message = self.asked_last().await?;
        let mut candidates = Vec::new();
        for agent in usable {
            let role = service.identity.role_grants(self.workspace, &agent.definition.role).await;
            if let Err(error) = &role {
                tracing::warn!(agent = agent.name, error = %Chain(error), "the role of an agent cannot be read");
            }
            candidates.push(Candidate::new(agent, role.ok()));
        }
        let schema = service.crm.schema(self.workspace).await?;
        let objects: Vec<_> = schema
            .objects()
            .iter()
            .map(|object| Spoken {
                name: object.name.to_string(),
                plural: object.plural.to_string(),
                label: object.label.clone(),
                label_plural: object.label_plural.clone(),
            })
            .collect();
        match choice::decide(&message, candidates, &objects) {
            Known::Nothing => Err(Error::NoAgent),
            Known::Chosen(to) => Ok((Some(to), None)),
            Known::Open(left) => {
                let (asked, usage) = self.ask_fast_model(&message, &left).await?;
                let to = match asked {
                    Asked::Chosen(to) => Some(to),
                    Asked::Not(because) => Some(choice::first(&left, because).ok_or(Error::NoAgent)?),
                    Asked::Stopped => None,
                };
                Ok((to, usage))
            }
        }
    }

    /// What the member wants: what they said last, where the turn goes on with that.
    async fn asked_last(&self) -> Result<String, Error> {
        if self.state.message != GO_ON {
            return Ok(self.state.message.clone());
        }
        let (session, turn) = (self.session.id, self.turn);
        let before = self.namespace.read((session, turn), |tx, &(session, turn)| {
            Box::pin(async move { turns::message_before(tx, session, turn, GO_ON).await })
        });
        Ok(before.await?.unwrap_or_else(|| self.state.message.clone()))
    }

    async fn ask_fast_model(
        &self,
        message: &str,
        left: &[Candidate],
    ) -> Result<(Asked, Option<StepUsage>), Error> {
        let not = |because| Ok((Asked::Not(because), None));
        let models = self.agents.models_of(self.workspace).await?;
        let model = match models.resolve(FAST).await {
            Ok(model) => model,
            Err(error) => {
                tracing::warn!(error = %Chain(&error), "the fast model cannot be asked for an agent");
                return not("the message told none from the others, and the fast model cannot be asked");
            }
        };
        let capabilities = model.capabilities();
        if !capabilities.language {
            return not("the message told none from the others, and there is no language model to choose");
        }
        if model.breaker().is_some_and(|breaker| breaker.is_open()) {
            return not("the message told none from the others, and the fast model failed lately");
        }
        let request = choice::question(message, left, capabilities.tools);
        let meter = match self.meter(None, &model, &request, 0).await {
            Ok(meter) => meter,
            Err(Error::BudgetReached(_)) => {
                return not("nothing is left of a budget, so that the fast model was not asked");
            }
            Err(error) => return Err(error),
        };
        let now = self.agents.0.environment.now();
        let limit = LONGEST.min(self.deadline.since(now) / 4);
        let mut assembler = Assembler::new("choice".to_owned(), ANSWER_BYTES);
        let read = self.answer(model.clone(), request, limit, &mut assembler).await?;
        let usage = meter.read(&assembler, self.agents.0.environment.now());
        let Some(read) = read else { return Ok((Asked::Stopped, usage)) };
        let is_late = read.is_err();
        let asked = match whole(model.as_ref(), read, assembler) {
            Ok(step) => {
                count(model.name(), step.usage.as_ref(), meter.took());
                let chosen = choice::answer(&step, left).map(Asked::Chosen);
                chosen.unwrap_or(Asked::Not("the fast model named none of the agents"))
            }
            Err(_) if is_late => Asked::Not("the fast model did not choose in time"),
            Err(problem) => {
                tracing::warn!(problem = %problem.message, "the fast model did not choose an agent");
                Asked::Not("the fast model gave no answer")
            }
        };
        Ok((asked, usage))
    }

    /// Commits the choice, with the version of the agent that the turn runs under.
    async fn give_to(&mut self, to: Assignment, usage: Option<StepUsage>) -> Result<(), Error> {
        let now = self.agents.0.environment.now();
        let (lease, turn, step) = (self.renewed(now), self.turn, self.state.step_number());
        let (agent, routing) = (to.agent, to.routing.clone());
        let usage = usage.map(|usage| TurnEvent::Usage { turn, step, usage });
        self.charge(agent, usage.as_slice()).await?;
        let (logged, version) = self
            .namespace
            .write((lease, to, usage), move |tx, (lease, to, usage)| {
                Box::pin(async move {
                    let assigned = assign(tx, lease.session, to).await?;
                    let version = turns::set_agent(tx, turn, to.agent).await?;
                    let mut events = vec![assigned.event(turn)];
                    events.extend(usage.clone());
                    let drafts = Draft::all(events)?;
                    let logged = log::append_leased(tx, lease, AfterAppend::Renewed, &drafts, now).await?;
                    Ok::<_, Error>((logged, version))
                })
            })
            .await?;
        kontor_core::kill_point!("agent.chosen");
        for logged in &logged {
            self.state.apply(&logged.event);
        }
        self.committed(&logged);
        self.session.agent = agent;
        self.session.awaits_agent = false;
        self.session.routing = Some(routing);
        (self.agent, self.agent_version) = (agent, version);
        self.limits = limits_of(self.agents, self.workspace, agent, version).await?;
        self.deadline = deadline(self.deadline, &self.agents.0.settings.limits, &self.limits);
        self.page = Page::usual(&self.limits);
        Arc::make_mut(&mut self.history).give_to(agent);
        Ok(())
    }
}
