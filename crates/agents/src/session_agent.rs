//! The agent of a session: which ones its member may choose, and the change to another.

use std::collections::HashMap;

use kontor_core::{
    caller::Caller,
    ids::{AgentId, MemberId, SessionId, TurnId},
    time::Timestamp,
    turn::{AgentName, RoutedBy, Routing},
};
use kontor_store::Tx;

use crate::{
    access::own,
    assignment::{Assignment, assign},
    choice::usable,
    definition::{Agent, require_agent},
    engine::Agents,
    error::Error,
    log,
    rows::{
        agents::{self, AgentNames},
        sessions, turns,
    },
    sharing::{member_name, names},
    stored::{Draft, LoggedEvent, SessionStatus, TurnStatus},
    turns::Turn,
};

impl Agents {
    /// The agents that the caller may use, in their order.
    pub(crate) async fn usable_agents(&self, caller: &Caller) -> Result<Vec<Agent>, Error> {
        let namespace = self.namespace(caller.workspace).await?;
        let all = namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        Ok::<_, Error>(usable(caller, all))
    }

    /// An agent of this name that the caller may use.
    pub(crate) async fn agent_to_use(&self, caller: &Caller, name: &str) -> Result<Agent, Error> {
        let agent = self.agent_named(caller, name).await?;
        require_agent(caller, &agent.name)?;
        Ok(agent)
    }

    /// The turns of a session that another agent answered than the one it is with now, each with that.
    pub async fn turns_of_other_agents(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<HashMap<TurnId, AgentName>, Error> {
        let (namespace, row, _) = self.reach(caller, session).await?;
        if row.routing.is_none() {
            return Ok(HashMap::new());
        }
        namespace
            .read((session, row.agent), |tx, &(session, agent)| {
                Box::pin(async move {
                    let turns = turns::of_other_agents(tx, session, agent).await?;
                    if turns.is_empty() {
                        return Ok(HashMap::new());
                    }
                    let names = AgentNames::read(tx).await?;
                    Ok::<_, Error>(turns.into_iter().map(|(turn, agent)| (turn, names.of(agent))).collect())
                })
            })
            .await
    }
}

/// Gives a session of a member to the agent that they have chosen; what is logged of it. A session in which nothing was
/// said has no log of it.
///
/// # Errors
/// [`Error::AgentBusy`] while turns have not ended; [`Error::SessionOver`]; where the agent takes no messages.
pub(crate) async fn change(
    tx: &mut Tx<'_>,
    id: SessionId,
    member: MemberId,
    agent: AgentId,
    now: Timestamp,
) -> Result<Vec<LoggedEvent>, Error> {
    own(tx, id, member).await?;
    // Locks it, so that no message comes in meanwhile.
    sessions::advance(tx, id, 0, now).await?;
    let row = sessions::find(tx, id, member).await?.ok_or(Error::SessionNotFound(id))?;
    if row.chosen_agent() == Some(agent) {
        return Ok(Vec::new());
    }
    if row.status == SessionStatus::Completed {
        return Err(Error::SessionOver);
    }
    let open = turns::open(tx, id).await?.into_iter().map(Turn::from);
    match open.filter(|turn| turn.status != TurnStatus::Cancelled).count() {
        0 => {}
        open => return Err(Error::AgentBusy(open)),
    }
    let who = member_name(member, &names(tx).await?);
    let reason = format!("{} chose it.", who.name.as_deref().unwrap_or("A member"));
    let to = Assignment { agent, routing: Routing { by: RoutedBy::Member, reason } };
    let assigned = assign(tx, id, &to).await?;
    let Some(last) = turns::last(tx, id).await? else { return Ok(Vec::new()) };
    log::append_unleased(tx, id, &[Draft::new(assigned.event(last.id))?], now).await
}
