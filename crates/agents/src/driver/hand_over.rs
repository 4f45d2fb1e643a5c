//! A conversation goes to the agent that the one which has it names: in one commit with what tells it, and the turn goes
//! on under the other's version and role.

use kontor_core::{
    error::{ErrorKind, Fault as _, Problem},
    ids::AgentId,
    json::JsonText,
    time::Timestamp,
    turn::{RoutedBy, Routing, ToolOutcome, TurnEvent},
};
use kontor_models::{Colleague, surface::check_handover};
use serde_json::json;

use super::{Run, ask_agent::not_asked, deadline as until, lease, limits_of, prepare::Prepared};
use crate::{
    assignment::{Assignment, assign},
    error::Error,
    history::Reader,
    limits::Limits,
    log,
    machine::{Call, Input, State},
    rows::{sessions::AfterAppend, turns},
    stored::{Draft, TurnStatus},
};

/// The limits of an agent that a turn was handed over to: what it may take up is counted from there on, and no more in
/// all than the installation allows.
pub(super) fn counted_from(limits: Limits, state: &State, installed: &Limits) -> Limits {
    if state.handovers.is_empty() {
        return limits;
    }
    let called = state.calls_until(state.handed_after());
    Limits {
        steps: limits.steps.saturating_add(state.handed_after()).min(installed.steps),
        calls_per_turn: limits.calls_per_turn.saturating_add(called).min(installed.calls_per_turn),
        ..limits
    }
}

impl Run<'_> {
    /// The agents that the one that has the turn may hand it over to now. Whoever takes part in another's session does
    /// not choose its agent, and neither does an agent that acts for them.
    pub(super) async fn successors(&self, prepared: &Prepared) -> Result<Vec<(AgentId, Colleague)>, Error> {
        let named = &prepared.agent.definition.hand_to;
        let may_more = self.state.handovers.len() < self.limits.handovers;
        let may = self.state.part().is_none() && self.by.is_none() && may_more;
        if named.is_empty() || !may {
            return Ok(Vec::new());
        }
        self.agents.colleagues(self.workspace, named, prepared.member_grants(), &[self.agent]).await
    }

    /// Hands the conversation over to the agent that a call names.
    pub(super) async fn hand_over(&mut self, index: u32) -> Result<Input, Error> {
        let Some(call) = self.state.call(index).cloned() else { return Ok(Input::Ran(Vec::new())) };
        let (to, name) = match self.successor(&call).await {
            Ok(found) => found,
            Err(error @ (Error::LeaseLost | Error::Stopping)) => return Err(error),
            Err(error) => return Ok(not_asked(index, error.problem())),
        };
        let (turn, step) = (self.turn, self.state.step_number());
        let reason = call.arguments["why"].as_str().unwrap_or_default().trim().to_owned();
        let routing = Routing { by: RoutedBy::Agent, reason };
        let result = ToolOutcome::Succeeded { result: JsonText::new(&json!({ "agent": name }))? };
        let result = Draft::new(call.result(turn, step, result, 0))?;
        let begun = Draft::new(TurnEvent::StepStarted { turn, step: self.state.steps_so_far() + 1 })?;
        let now = self.agents.0.environment.now();
        let lease = self.renewed(now);
        let deadline = self.deadline_of(to, now).await?;
        let assignment = Assignment { agent: to, routing: routing.clone() };
        let written = self
            .namespace
            .write((result, begun, assignment), move |tx, (result, begun, assignment)| {
                Box::pin(async move {
                    let assigned = assign(tx, lease.session, assignment).await?;
                    let version = turns::set_agent(tx, turn, assignment.agent).await?;
                    turns::set_status(tx, turn, TurnStatus::Running, Some(deadline)).await?;
                    let drafts = [result.clone(), Draft::new(assigned.event(turn))?, begun.clone()];
                    let logged = log::append_leased(tx, &lease, AfterAppend::Renewed, &drafts, now).await?;
                    Ok::<_, Error>((logged, version))
                })
            })
            .await;
        let (logged, version) = match written {
            Ok(written) => written,
            Err(error @ (Error::AgentInactive(_) | Error::AgentDeleted(_) | Error::AgentNotFound { .. })) => {
                return Ok(not_asked(index, error.problem()));
            }
            Err(error) => return Err(error),
        };
        kontor_core::kill_point!("agent.handed_over");
        self.committed(&logged);
        (self.agent, self.agent_version) = (to, version);
        self.session.agent = to;
        self.session.routing = Some(routing);
        let limits = limits_of(self.agents, self.workspace, to, version).await?;
        let reader = Reader { by: self.by, agent: Some(to) };
        let read = lease::read_back(&self.namespace, &self.session, (turn, self.member), reader, &limits);
        let (state, history) = read.await?;
        self.history = history;
        let installed = &self.agents.0.settings.limits;
        self.deadline = until(deadline, installed, &limits);
        self.limits = counted_from(limits, &state, installed);
        Ok(Input::HandedOver(logged.iter().map(|logged| (*logged.event).clone()).collect()))
    }

    /// When the time is over of an agent that the turn goes to now, as the turn's row holds it: by the installation's
    /// limits, of which the agent's are taken off. The agent has the time that its own allow, and never more than was left
    /// to the one that began the turn by those of the installation.
    async fn deadline_of(&self, to: AgentId, now: Timestamp) -> Result<Timestamp, Error> {
        let installed = self.agents.0.settings.limits.turn;
        let turn = limits_of(self.agents, self.workspace, to, None).await?.turn;
        let latest = match self.state.handovers.is_empty() {
            true => self.deadline.plus(installed.saturating_sub(self.limits.turn)),
            false => self.deadline,
        };
        Ok(latest.min(now.plus(turn)).plus(installed.saturating_sub(turn)))
    }

    async fn successor(&self, call: &Call) -> Result<(AgentId, String), Error> {
        if self.state.steps_so_far() >= self.agents.0.settings.limits.steps {
            let message = "No step is left in which another agent could answer this message. Answer with what you know.";
            let problem = Problem::new(ErrorKind::Limited, "too_many_steps", message);
            return Err(kontor_operations::Error::Refused(problem).into());
        }
        let prepared = self.prepare().await?;
        let (ids, successors): (Vec<AgentId>, Vec<_>) = self.successors(&prepared).await?.into_iter().unzip();
        check_handover(&successors, &call.arguments).map_err(kontor_operations::Error::Refused)?;
        let is_named = |colleague: &Colleague| call.arguments["agent"] == colleague.name.as_str();
        let found = ids.into_iter().zip(&successors).find(|(_, colleague)| is_named(colleague));
        let (id, colleague) = found.ok_or_else(|| kontor_operations::Error::Refused(Problem::internal()))?;
        Ok((id, colleague.name.clone()))
    }
}
