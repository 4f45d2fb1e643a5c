//! An agent that another asks: which ones there are, and what bounds the one that answers.

use std::{collections::HashMap, sync::Arc, time::Duration};

use kontor_core::{
    error::{Fault as _, Problem},
    ids::AgentId,
    time::Timestamp,
    turn::{AskedAgent, CallPlace, ToolOutcome},
    usage::Spent,
};
use kontor_models::{Colleague, surface::check_question};

use super::{Run, prepare::Prepared};
use crate::{
    error::Error,
    machine::{Call, Engaged, Input, Part, Ran, State},
};

/// What is left of a turn's time to an agent that asked, at least, when the one that it asked has used up its own.
const RESERVE: Duration = Duration::from_secs(30);

impl Run<'_> {
    /// The agent that answers now, and its version; its present one where that is not known.
    pub(super) fn acting(&self) -> (AgentId, Option<i64>) {
        match self.state.part() {
            Some(part) => (part.agent.id, Some(part.agent.version)),
            None => (self.agent, self.agent_version),
        }
    }

    /// The agents that the one that answers may ask now: none of those that wait for it, and none where it was asked
    /// through too many.
    pub(super) async fn colleagues(&self, prepared: &Prepared) -> Result<Vec<(AgentId, Colleague)>, Error> {
        let named = &prepared.agent.definition.ask;
        if named.is_empty() || self.state.open_parts().count() >= self.limits.ask_depth {
            return Ok(Vec::new());
        }
        let mut asking = vec![self.agent];
        asking.extend(self.state.open_parts().map(|part| part.agent.id));
        self.agents.colleagues(self.workspace, named, prepared.member_grants(), &asking).await
    }

    /// Finds the agent that a call asks.
    pub(super) async fn engage(&self, index: u32) -> Result<Input, Error> {
        let Some(call) = self.state.call(index) else { return Ok(Input::Ran(Vec::new())) };
        match self.asked_by(call).await {
            Ok(engaged) => Ok(Input::Engaged(engaged)),
            Err(error @ (Error::LeaseLost | Error::Stopping)) => Err(error),
            Err(error) => Ok(not_asked(index, error.problem())),
        }
    }

    async fn asked_by(&self, call: &Call) -> Result<Engaged, Error> {
        let prepared = self.prepare().await?;
        let (ids, colleagues): (Vec<AgentId>, Vec<_>) = self.colleagues(&prepared).await?.into_iter().unzip();
        check_question(&colleagues, &call.arguments).map_err(kontor_operations::Error::Refused)?;
        let is_asked = |colleague: &Colleague| call.arguments["agent"] == colleague.name.as_str();
        let found = ids.into_iter().zip(&colleagues).find(|(_, colleague)| is_asked(colleague));
        let (id, _) = found.ok_or_else(|| kontor_operations::Error::Refused(Problem::internal()))?;
        let agent = self.agents.agent(self.workspace, id).await?;
        let limits = agent.definition.limits.within(&self.agents.0.settings.limits);
        Ok(Engaged {
            index: call.index,
            agent: Arc::new(AskedAgent {
                id,
                name: agent.name.clone(),
                label: agent.definition.label.clone(),
                version: agent.version,
            }),
            steps: limits.steps,
            calls: limits.calls_per_turn,
            seconds: limits.turn.as_secs(),
        })
    }

    /// Notes when the agent that a call asks begins.
    pub(super) fn note_engaged(&mut self, input: &Input) {
        if let Input::Engaged(engaged) = input {
            let place = CallPlace { step: self.state.step_number(), index: engaged.index };
            self.engaged_at.insert(place, self.agents.0.environment.now());
        }
    }

    /// Since when the agents that were asked before the turn was taken up here have had their time: what models and tools
    /// took for them until then counts, and what they waited for an approval does not.
    pub(super) fn engaged_before(state: &State, now: Timestamp) -> HashMap<CallPlace, Timestamp> {
        let since = |part: &Part| now.minus(Duration::from_millis(part.took_ms));
        state.open_parts().map(|part| (part.of, since(part))).collect()
    }

    /// When the agent that was asked, or one through which it was, has had its time; none where the turn's own answers.
    pub(super) fn deadline_of_part(&self) -> Option<Timestamp> {
        let reserve = RESERVE.min(self.limits.turn / 10);
        let latest = self.deadline.minus(reserve);
        let deadlines = self.state.open_parts().map(|part| {
            let over =
                self.engaged_at.get(&part.of).map(|since| since.plus(Duration::from_secs(part.seconds)));
            over.map_or(latest, |over| over.min(latest))
        });
        deadlines.min()
    }

    /// What of the turn's usage counts where it is held against the budget of a message: an agent that was asked may
    /// use up half of what was left, so that whoever asked has the rest to answer with.
    pub(super) fn counted(&self) -> impl Iterator<Item = Spent> {
        let spent = self.state.spent;
        let of_parts = self.state.open_parts().map(move |part| {
            let before = part.spent_before;
            let twice = |now: u64, before: u64| before.saturating_add(2 * now.saturating_sub(before));
            Spent {
                tokens: twice(spent.tokens, before.tokens),
                cost_micros: twice(spent.cost_micros, before.cost_micros),
            }
        });
        std::iter::once(spent).chain(of_parts)
    }
}

/// A call that names another agent and came to nothing.
pub(super) fn not_asked(index: u32, problem: Problem) -> Input {
    Input::Ran(vec![Ran { index, outcome: ToolOutcome::Failed { problem }, duration_ms: 0 }])
}
