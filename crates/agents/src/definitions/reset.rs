//! Standard agents as they ship.

use kontor_core::{
    actor::Actor, caller::Caller, environment::Environment, grants::Permission, time::Timestamp,
};
use kontor_store::Tx;

use super::{
    found, told,
    write::{again, locked, write_definition},
};
use crate::{
    definition::{Agent, AgentSummary, PRODUCTION},
    engine::Agents,
    error::Error,
    labels::set,
    prompt_versions::{is_protected, save},
    prompts::{self, FirstVersion},
    rows::agents,
};

impl Agents {
    /// Has a standard agent say what it shipped with, prompt included.
    ///
    /// # Errors
    /// Without the permissions `agents` and `prompts`; [`Error::NotStandard`]; [`Error::AgentChanged`];
    /// [`Error::ReviewRequired`] where its prompt differs and moves only when a second person agrees.
    pub async fn reset_agent(
        &self,
        caller: &Caller,
        name: &str,
        version: Option<i64>,
    ) -> Result<AgentSummary, Error> {
        caller.require(Permission::Agents)?;
        caller.require(Permission::Prompts)?;
        let mut again = again(version);
        loop {
            match self.reset_once(caller, name, version).await {
                Err(Error::AgentChanged { .. }) if again.next().is_some() => {}
                outcome => return outcome,
            }
        }
    }

    async fn reset_once(
        &self,
        caller: &Caller,
        name: &str,
        version: Option<i64>,
    ) -> Result<AgentSummary, Error> {
        let agent = self.present_agent(caller, name).await?;
        self.check_version(caller, &agent, version).await?;
        let shipped = prompts::standard(&self.0.environment)?;
        let shipped = shipped.into_iter().find(|shipped| agent.is_standard && shipped.name == agent.name);
        let shipped = shipped.ok_or_else(|| Error::NotStandard(agent.name.clone()))?;
        self.check_role(caller, &agent.definition.role).await?;
        self.check_role(caller, &shipped.definition.role).await?;
        if shipped.prompt != agent.prompt {
            self.require_no_gate(caller, &agent).await?;
        }
        let environment = self.0.environment.clone();
        let now = environment.now();
        let id = agent.id;
        let namespace = self.namespace(caller.workspace).await?;
        let written = namespace
            .write(
                (environment, agent, shipped, caller.actor(), now),
                |tx, (environment, agent, shipped, actor, now)| {
                    Box::pin(write(tx, environment, agent, shipped, actor, *now))
                },
            )
            .await?;
        self.forget_agent(caller.workspace, id);
        Ok(told(written, true))
    }
}

/// Prompt and definition, in one step.
async fn write(
    tx: &mut Tx<'_>,
    environment: &Environment,
    agent: &Agent,
    shipped: &FirstVersion,
    actor: &Actor,
    now: Timestamp,
) -> Result<Agent, Error> {
    let mut present = locked(tx, agent).await?;
    if shipped.prompt != present.prompt {
        if is_protected(tx, PRODUCTION).await? {
            return Err(Error::ReviewRequired(PRODUCTION.to_owned()));
        }
        let (body, note) = (&shipped.prompt, "As it ships with Kontor.");
        let version = save(tx, environment, &present, body, note, actor, now).await?;
        let stood = Some(present.prompt_version);
        set(tx, environment, &present, PRODUCTION, stood, version, actor, now).await?;
        present = found(agents::find(tx, agent.id).await?, agent.id)?;
    }
    let is_active = present.is_active;
    write_definition(tx, environment, &present, &shipped.definition, is_active, "agent.reset", actor, now)
        .await
}
