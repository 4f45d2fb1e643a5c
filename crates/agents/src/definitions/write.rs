//! How changes of agents are written: where somebody else was faster, not at all.

use std::ops::Range;

use kontor_core::{actor::Actor, caller::Caller, environment::Environment, time::Timestamp};
use kontor_store::{AuditEntry, Tx};
use serde_json::{Map, Value as Json, json};

use super::{LISTED, found, told};
use crate::{
    definition::{Agent, AgentSummary, AgentVersion, Definition},
    engine::Agents,
    error::Error,
    prompts,
    rows::agents,
};

/// How often a change that names no version is made anew, where others were faster.
const AGAIN: u32 = 10;

/// How often a change may be made anew: one that names the version that it was made of is refused instead.
pub(super) fn again(version: Option<i64>) -> Range<u32> {
    0..if version.is_some() { 0 } else { AGAIN }
}

impl Agents {
    pub(super) async fn write_change(
        &self,
        caller: &Caller,
        agent: Agent,
        definition: Definition,
        is_active: bool,
        action: &'static str,
    ) -> Result<AgentSummary, Error> {
        let environment = self.0.environment.clone();
        let now = environment.now();
        let id = agent.id;
        let namespace = self.namespace(caller.workspace).await?;
        let changed = namespace
            .write(
                (environment, agent, definition, caller.actor(), now),
                move |tx, (environment, agent, definition, actor, now)| {
                    Box::pin(async move {
                        let (agent, definition): (&Agent, &Definition) = (agent, definition);
                        let present = locked(tx, agent).await?;
                        write_definition(
                            tx,
                            environment,
                            &present,
                            definition,
                            is_active,
                            action,
                            actor,
                            *now,
                        )
                        .await
                    })
                },
            )
            .await?;
        self.forget_agent(caller.workspace, id);
        Ok(told(changed, true))
    }

    /// Whether a change was made of the present version.
    pub(super) async fn check_version(
        &self,
        caller: &Caller,
        agent: &Agent,
        expected: Option<i64>,
    ) -> Result<(), Error> {
        let Some(expected) = expected.filter(|expected| *expected != agent.version) else { return Ok(()) };
        if !(1..agent.version).contains(&expected) {
            return Err(Error::UnknownVersion { path: "version", version: expected, latest: agent.version });
        }
        let id = agent.id;
        let namespace = self.namespace(caller.workspace).await?;
        let versions: Vec<AgentVersion> =
            namespace.read(id, |tx, &id| Box::pin(agents::versions(tx, id, LISTED))).await?;
        Err(changed_since(agent, expected, &versions))
    }
}

/// Writes what an agent is from now on, with what is different.
#[expect(clippy::too_many_arguments, reason = "a change is of what, to what, by whom and when")]
pub(super) async fn write_definition(
    tx: &mut Tx<'_>,
    environment: &Environment,
    present: &Agent,
    definition: &Definition,
    is_active: bool,
    action: &'static str,
    actor: &Actor,
    now: Timestamp,
) -> Result<Agent, Error> {
    let id = present.id;
    let names = prompts::change(tx, present, definition.clone(), present.prompt_version, actor, now).await?;
    let (mut before, mut after) = (picked(&present.definition, &names)?, picked(definition, &names)?);
    if present.is_active != is_active {
        agents::set_active(tx, id, is_active).await?;
        before.insert("active".to_owned(), present.is_active.into());
        after.insert("active".to_owned(), is_active.into());
    }
    if !after.is_empty() {
        let details = json!({"before": before, "after": after});
        audit(tx, environment, actor, action, &present.name, details, now).await?;
    }
    found(agents::find(tx, id).await?, id)
}

/// How a change is refused that was made of another version.
fn changed_since(agent: &Agent, expected: i64, versions: &[AgentVersion]) -> Error {
    let since = versions.iter().filter(|version| version.version > expected);
    let mut changed: Vec<String> = since.flat_map(|version| version.changed.clone()).collect();
    changed.sort();
    changed.dedup();
    Error::AgentChanged { version: agent.version, by: agent.made_by.to_string(), changed }
}

/// The agent as it is, while nobody else changes it, where it is still what it was.
pub(super) async fn locked(tx: &mut Tx<'_>, agent: &Agent) -> Result<Agent, Error> {
    let present = found(agents::lock(tx, agent.id).await?, agent.id)?;
    if present.deleted_at.is_some() {
        return Err(Error::AgentDeleted(present.definition.label));
    }
    if present.version != agent.version {
        let versions = agents::versions(tx, agent.id, LISTED).await?;
        return Err(changed_since(&present, agent.version, &versions));
    }
    Ok(present)
}

/// What an agent says under these names.
fn picked(definition: &Definition, names: &[String]) -> Result<Map<String, Json>, Error> {
    let Json::Object(all) = serde_json::to_value(definition)? else { return Ok(Map::new()) };
    Ok(all.into_iter().filter(|(name, _)| names.contains(name)).collect())
}

pub(crate) async fn audit(
    tx: &mut Tx<'_>,
    environment: &Environment,
    actor: &Actor,
    action: &'static str,
    agent: &str,
    details: Json,
    now: Timestamp,
) -> Result<(), Error> {
    let entry = AuditEntry::new(action, format!("agent:{agent}"), details);
    Ok(tx.audit(environment, now, actor, entry).await?)
}
