//! A session is given to an agent: when one is chosen for it, when a member chooses another, and when an agent hands
//! the conversation over.

use kontor_core::{
    ids::{AgentId, SessionId, TurnId},
    turn::{AgentName, Routing, TurnEvent},
};
use kontor_store::Tx;

use crate::{
    definition::Agent,
    error::Error,
    rows::{agents, sessions},
};

/// To whom a session goes, and why.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) agent: AgentId,
    pub(crate) routing: Routing,
}

/// What was done, for the log.
#[derive(Debug)]
pub(crate) struct Assigned {
    pub(crate) agent: AgentName,
    /// Whose it was before.
    pub(crate) from: Option<AgentName>,
    routing: Routing,
}

impl Assigned {
    /// The event of it in the turn that runs, or in the last one where none does.
    pub(crate) fn event(self, turn: TurnId) -> TurnEvent {
        TurnEvent::AgentChanged { turn, agent: self.agent, from: self.from, routing: self.routing }
    }
}

/// Gives a session to an agent, whose its turns are that begin from now on: each runs under that agent's version then,
/// and those that have begun keep theirs. It takes place in the transaction of what decides it, by whoever holds the
/// session's lease or has locked a session of which no turn is open; the same one appends the event. Whether the member
/// may use the agent is asked before.
///
/// # Errors
/// [`Error::AgentInactive`], [`Error::AgentDeleted`] for an agent that takes no messages.
pub(crate) async fn assign(tx: &mut Tx<'_>, session: SessionId, to: &Assignment) -> Result<Assigned, Error> {
    let row = sessions::present(tx, session).await?.ok_or(Error::SessionNotFound(session))?;
    let agent = taking_messages(agents::find(tx, to.agent).await?, to.agent)?;
    let from = match row.chosen_agent() {
        Some(before) => agents::find(tx, before).await?.map(named),
        None => None,
    };
    sessions::set_agent(tx, session, agent.id, &to.routing).await?;
    Ok(Assigned { agent: named(agent), from, routing: to.routing.clone() })
}

fn taking_messages(agent: Option<Agent>, id: AgentId) -> Result<Agent, Error> {
    match agent {
        Some(agent) if agent.deleted_at.is_some() => Err(Error::AgentDeleted(agent.definition.label)),
        Some(agent) if !agent.is_active => Err(Error::AgentInactive(agent.definition.label)),
        Some(agent) => Ok(agent),
        None => Err(Error::AgentNotFound { name: id.to_string(), near: String::new() }),
    }
}

fn named(agent: Agent) -> AgentName {
    AgentName { id: agent.id, name: agent.name, label: agent.definition.label }
}
