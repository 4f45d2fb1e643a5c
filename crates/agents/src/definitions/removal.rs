//! Agents put aside and taken back.

use kontor_core::{caller::Caller, grants::Permission};
use serde_json::json;

use super::{
    found, name_taken, told,
    write::{again, audit, locked},
};
use crate::{
    definition::{Agent, AgentSummary},
    engine::Agents,
    error::Error,
    rows::agents,
};

impl Agents {
    /// Puts an agent aside. Its chats stay readable and take no more messages; turns that have begun come to their end.
    ///
    /// # Errors
    /// Without the permission `agents`; [`Error::AgentNotFound`]; [`Error::AgentChanged`].
    pub async fn delete_agent(&self, caller: &Caller, name: &str, version: Option<i64>) -> Result<(), Error> {
        caller.require(Permission::Agents)?;
        let mut again = again(version);
        loop {
            match self.delete_once(caller, name, version).await {
                Err(Error::AgentChanged { .. }) if again.next().is_some() => {}
                outcome => return outcome,
            }
        }
    }

    async fn delete_once(&self, caller: &Caller, name: &str, version: Option<i64>) -> Result<(), Error> {
        let agent = self.present_agent(caller, name).await?;
        self.check_version(caller, &agent, version).await?;
        let environment = self.0.environment.clone();
        let now = environment.now();
        let id = agent.id;
        let namespace = self.namespace(caller.workspace).await?;
        let () = namespace
            .write((environment, agent, caller.actor(), now), |tx, (environment, agent, actor, now)| {
                Box::pin(async move {
                    locked(tx, agent).await?;
                    agents::delete(tx, agent, *now).await?;
                    let details = json!({"id": agent.id});
                    audit(tx, environment, actor, "agent.deleted", &agent.name, details, *now).await
                })
            })
            .await?;
        self.forget_agent(caller.workspace, id);
        Ok(())
    }

    /// Takes a deleted agent back, by its id, under the name it had.
    ///
    /// # Errors
    /// Without the permission `agents`; [`Error::AgentNotFound`]; [`Error::AgentExists`] where another has its name.
    pub async fn restore_agent(&self, caller: &Caller, id: &str) -> Result<AgentSummary, Error> {
        caller.require(Permission::Agents)?;
        let agent = self.read_agent(caller, id).await?;
        if agent.deleted_at.is_none() {
            return Ok(told(agent, true));
        }
        self.check_role(caller, &agent.definition.role).await?;
        let environment = self.0.environment.clone();
        let now = environment.now();
        let (id, name) = (agent.id, agent.name.clone());
        let namespace = self.namespace(caller.workspace).await?;
        let restored = namespace
            .write((environment, agent, caller.actor(), now), move |tx, (environment, agent, actor, now)| {
                Box::pin(async move {
                    let agent: &Agent = agent;
                    if agents::list(tx).await?.iter().any(|other| other.name == agent.name) {
                        return Err(Error::AgentExists(agent.name.clone()));
                    }
                    agents::restore(tx, agent).await?;
                    let details = json!({"id": agent.id});
                    audit(tx, environment, actor, "agent.restored", &agent.name, details, *now).await?;
                    agents::find(tx, id).await
                })
            })
            .await
            .map_err(|error| name_taken(error, &name))?;
        self.forget_agent(caller.workspace, id);
        Ok(told(found(restored, id)?, true))
    }
}
