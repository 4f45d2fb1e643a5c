//! Agents as those see them who may change what they are.

mod checks;
mod colleagues;
mod input;

use kontor_core::{
    actor::Actor, caller::Caller, environment::Environment, error::Issue, grants::Permission, text,
    time::Timestamp,
};
use kontor_store::{AuditEntry, Tx};
use serde_json::{Map, Value as Json, json};

pub use self::input::{AgentPatch, NewAgent};
use crate::{
    access::member_of,
    definition::{Agent, AgentSummary, AgentVersion, Definition, PRODUCTION},
    engine::Agents,
    error::Error,
    prompts,
    rows::agents,
};

/// Agents that a workspace has at most, those that are deleted not counted.
const MOST: usize = 200;
/// Versions that are listed.
const LISTED: u64 = 200;

impl Agents {
    /// The workspace's agents that the caller may use. To whom may change them all are told, active or not.
    ///
    /// # Errors
    /// [`Error::NotAMember`].
    pub async fn agents(&self, caller: &Caller) -> Result<Vec<AgentSummary>, Error> {
        member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let found = namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        let is_usable = |agent: &Agent| agent.is_active && caller.grants.agents().contains(&agent.name);
        let seen = found.into_iter().filter(|agent| may_see(caller) || is_usable(agent));
        Ok::<_, Error>(seen.map(AgentSummary::from).collect())
    }

    /// The same with those that are deleted, which come last.
    ///
    /// # Errors
    /// Without the permission `agents` or `prompts`.
    pub async fn agents_with_deleted(&self, caller: &Caller) -> Result<Vec<AgentSummary>, Error> {
        require_either(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let found = namespace.read((), |tx, ()| Box::pin(agents::list_with_deleted(tx))).await?;
        Ok::<_, Error>(found.into_iter().map(AgentSummary::from).collect())
    }

    /// One agent, by its name or its id; with its prompt for whom may change it.
    ///
    /// # Errors
    /// [`Error::AgentNotFound`].
    pub async fn agent_by_name(&self, caller: &Caller, name: &str) -> Result<AgentSummary, Error> {
        member_of(caller)?;
        let agent = self.read_agent(caller, name).await?;
        let sees_all = may_see(caller);
        let is_open =
            agent.is_active && agent.deleted_at.is_none() && caller.grants.agents().contains(&agent.name);
        if !sees_all && !is_open {
            return Err(not_found(name, std::iter::empty()));
        }
        Ok(told(agent, sees_all))
    }

    /// The versions of an agent, the latest first.
    ///
    /// # Errors
    /// Without the permission `agents` or `prompts`; [`Error::AgentNotFound`].
    pub async fn agent_versions(&self, caller: &Caller, name: &str) -> Result<Vec<AgentVersion>, Error> {
        require_either(caller)?;
        let agent = self.read_agent(caller, name).await?;
        let namespace = self.namespace(caller.workspace).await?;
        namespace.read(agent.id, |tx, &id| Box::pin(agents::versions(tx, id, i64::MAX, LISTED))).await
    }

    /// Makes an agent, of nothing or of another.
    ///
    /// # Errors
    /// Without the permission `agents`; [`Error::Invalid`] with all that is wrong; [`Error::AgentExists`]; where the
    /// role allows more than the caller may do.
    pub async fn create_agent(&self, caller: &Caller, new: NewAgent) -> Result<AgentSummary, Error> {
        require(caller)?;
        let original = match &new.copy_of {
            None => None,
            Some(name) => Some(self.read_agent(caller, name).await.map_err(|error| match error {
                Error::AgentNotFound { .. } => {
                    let told = format!("There is no agent {:?}.", text::excerpt(name, 60));
                    Error::invalid("copy_of", "unknown_agent", told)
                }
                other => other,
            })?),
        };
        let before = original.as_ref().map_or_else(|| new.usual(), |agent| agent.definition.clone());
        let body = match (&new.prompt, &original) {
            (Some(body), _) => body.clone(),
            (None, Some(original)) => original.prompt.clone(),
            (None, None) => prompts::STARTER.to_owned(),
        };
        if new.prompt.is_some() {
            require_prompts(caller)?;
        }
        self.check_name_is_free(caller, &new.name).await?;
        let is_active = new.active.unwrap_or(true);
        let mut patch = new.patch();
        if original.is_some() && patch.label.is_none() {
            patch.label = Some(text::excerpt(&format!("{} (copy)", before.label), 100));
        }
        let definition = patch.over(before);
        let mut issues: Vec<Issue> = input::of_name(&new.name).into_iter().collect();
        issues.extend(self.issues_of(caller, &new.name, None, &definition).await?);
        let of_prompt = prompts::issues("prompt", &body);
        if issues.is_empty() && !of_prompt.is_empty() {
            return Err(Error::InvalidPrompt(of_prompt));
        }
        issues.extend(of_prompt);
        if !issues.is_empty() {
            return Err(Error::Invalid(issues));
        }
        self.check_role(caller, &definition.role).await?;
        let first = prompts::FirstVersion {
            id: self.0.environment.new_id(),
            name: new.name,
            is_standard: false,
            definition,
            prompt: body,
        };
        let (id, name) = (first.id, first.name.clone());
        let environment = self.0.environment.clone();
        let copy_of = original.map(|agent| agent.name);
        let namespace = self.namespace(caller.workspace).await?;
        let now = environment.now();
        let made = namespace
            .write(
                (environment, first, caller.actor(), copy_of, now),
                move |tx, (environment, first, actor, copy_of, now)| {
                    Box::pin(async move {
                        let (first, now): (&prompts::FirstVersion, _) = (first, *now);
                        let all = agents::list(tx).await?;
                        if all.iter().any(|agent| agent.name == first.name) {
                            return Err(Error::AgentExists(first.name.clone()));
                        }
                        if all.len() >= MOST {
                            let told = format!("a workspace has at most {MOST} agents");
                            return Err(Error::invalid("name", "too_many", told));
                        }
                        prompts::create(tx, environment, first, actor, now).await?;
                        agents::set_active(tx, id, is_active).await?;
                        let details = json!({
                            "name": first.name, "copy_of": copy_of, "after": first.definition,
                        });
                        audit(tx, environment, actor, "agent.created", &first.name, details, now).await?;
                        agents::find(tx, id).await
                    })
                },
            )
            .await
            .map_err(|error| name_taken(error, &name))?;
        self.forget_agent(caller.workspace, id);
        Ok(told(found(made, id)?, true))
    }

    /// Changes what is named of an agent, which is a new version of it; turns that have begun end under the one before.
    ///
    /// # Errors
    /// Without the permission `agents`; [`Error::AgentNotFound`]; [`Error::AgentChanged`] where the version that is
    /// named is not the present one; [`Error::Invalid`] with all that is wrong; where the role is another and allows
    /// more than the caller may do.
    pub async fn change_agent(
        &self,
        caller: &Caller,
        name: &str,
        patch: AgentPatch,
    ) -> Result<AgentSummary, Error> {
        require(caller)?;
        let agent = self.present_agent(caller, name).await?;
        self.check_version(caller, &agent, patch.version).await?;
        let is_active = patch.active.unwrap_or(agent.is_active);
        let definition = patch.over(agent.definition.clone());
        if definition != agent.definition {
            let issues = self.issues_of(caller, &agent.name, Some(&agent.definition), &definition).await?;
            if !issues.is_empty() {
                return Err(Error::Invalid(issues));
            }
        }
        // Whoever may do less may put an agent out of use, and nothing else.
        if is_active || definition != agent.definition {
            self.check_role(caller, &agent.definition.role).await?;
            self.check_role(caller, &definition.role).await?;
        }
        self.write_change(caller, agent, definition, is_active, "agent.changed").await
    }

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
        require(caller)?;
        require_prompts(caller)?;
        let agent = self.present_agent(caller, name).await?;
        self.check_version(caller, &agent, version).await?;
        let shipped = prompts::standard(&self.0.environment)?;
        let shipped = shipped.into_iter().find(|shipped| agent.is_standard && shipped.name == agent.name);
        let shipped = shipped.ok_or_else(|| Error::NotStandard(agent.name.clone()))?;
        self.check_role(caller, &agent.definition.role).await?;
        self.check_role(caller, &shipped.definition.role).await?;
        let agent = if shipped.prompt == agent.prompt {
            agent
        } else {
            let note = "As it ships with Kontor.".to_owned();
            let saved =
                self.save_prompt(caller, name, crate::NewPrompt { body: shipped.prompt, note }).await?;
            let moved = crate::LabelMove { version: saved.version, expected: Some(agent.prompt_version) };
            self.move_label(caller, name, PRODUCTION, moved).await?;
            self.present_agent(caller, name).await?
        };
        let is_active = agent.is_active;
        self.write_change(caller, agent, shipped.definition, is_active, "agent.reset").await
    }

    /// Puts an agent aside. Its chats stay readable and take no more messages; turns that have begun come to their end.
    ///
    /// # Errors
    /// Without the permission `agents`; [`Error::AgentNotFound`]; [`Error::AgentChanged`].
    pub async fn delete_agent(&self, caller: &Caller, name: &str, version: Option<i64>) -> Result<(), Error> {
        require(caller)?;
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
        require(caller)?;
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

    async fn write_change(
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
                        let prompt = present.prompt_version;
                        let names =
                            prompts::change(tx, &present, definition.clone(), prompt, actor, *now).await?;
                        let (mut before, mut after) =
                            (picked(&present.definition, &names)?, picked(definition, &names)?);
                        if present.is_active != is_active {
                            agents::set_active(tx, id, is_active).await?;
                            before.insert("active".to_owned(), present.is_active.into());
                            after.insert("active".to_owned(), is_active.into());
                        }
                        if !after.is_empty() {
                            let details = json!({"before": before, "after": after});
                            audit(tx, environment, actor, action, &agent.name, details, *now).await?;
                        }
                        agents::find(tx, id).await
                    })
                },
            )
            .await?;
        self.forget_agent(caller.workspace, id);
        Ok(told(found(changed, id)?, true))
    }

    /// Nobody gives an agent more than they may do themselves.
    pub(crate) async fn check_role(&self, caller: &Caller, role: &str) -> Result<(), Error> {
        let grants = self.0.identity.role_grants(caller.workspace, role).await?;
        if grants.is_within(&caller.grants) {
            Ok(())
        } else {
            Err(kontor_identity::Error::RoleBeyondCaller { name: role.to_owned() }.into())
        }
    }

    /// An agent by its name, or by its id, whether it is deleted or not.
    pub(crate) async fn read_agent(&self, caller: &Caller, name: &str) -> Result<Agent, Error> {
        let namespace = self.namespace(caller.workspace).await?;
        let all = namespace.read((), |tx, ()| Box::pin(agents::list_with_deleted(tx))).await?;
        let by_name = all.iter().position(|agent| agent.deleted_at.is_none() && agent.name == name);
        let by_id = || all.iter().position(|agent| agent.id.to_string() == name);
        match by_name.or_else(by_id) {
            Some(place) => all.into_iter().nth(place).ok_or_else(|| not_found(name, std::iter::empty())),
            None => {
                let there = all.iter().filter(|agent| agent.deleted_at.is_none());
                let seen = there.filter(|agent| agent.is_active || may_see(caller));
                Err(not_found(name, seen.map(|agent| agent.name.as_str())))
            }
        }
    }

    /// An agent that is not deleted.
    pub(crate) async fn present_agent(&self, caller: &Caller, name: &str) -> Result<Agent, Error> {
        let agent = self.read_agent(caller, name).await?;
        if agent.deleted_at.is_some() {
            return Err(Error::AgentDeleted(agent.definition.label));
        }
        Ok(agent)
    }

    /// Whether a change was made of the present version.
    async fn check_version(
        &self,
        caller: &Caller,
        agent: &Agent,
        expected: Option<i64>,
    ) -> Result<(), Error> {
        let Some(expected) = expected.filter(|expected| *expected != agent.version) else { return Ok(()) };
        let id = agent.id;
        let namespace = self.namespace(caller.workspace).await?;
        let versions: Vec<AgentVersion> =
            namespace.read(id, |tx, &id| Box::pin(agents::versions(tx, id, i64::MAX, LISTED))).await?;
        Err(changed_since(agent, expected, &versions))
    }
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
async fn locked(tx: &mut Tx<'_>, agent: &Agent) -> Result<Agent, Error> {
    let present = found(agents::lock(tx, agent.id).await?, agent.id)?;
    if present.deleted_at.is_some() {
        return Err(Error::AgentDeleted(present.definition.label));
    }
    if present.version != agent.version {
        let versions = agents::versions(tx, agent.id, i64::MAX, LISTED).await?;
        return Err(changed_since(&present, agent.version, &versions));
    }
    Ok(present)
}

/// What is told of a name that another took in the same moment.
fn name_taken(error: Error, name: &str) -> Error {
    match error {
        Error::Store(kontor_store::Error::UniqueViolation { table, .. }) if table == "agents" => {
            Error::AgentExists(name.to_owned())
        }
        other => other,
    }
}

fn found(agent: Option<Agent>, id: kontor_core::ids::AgentId) -> Result<Agent, Error> {
    agent.ok_or_else(|| not_found(&id.to_string(), std::iter::empty()))
}

fn not_found<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Error {
    Error::AgentNotFound { name: text::excerpt(name, 60), near: text::suggestion(name, known) }
}

fn told(agent: Agent, with_prompt: bool) -> AgentSummary {
    let prompt = with_prompt.then(|| agent.prompt.clone());
    AgentSummary { prompt, ..AgentSummary::from(agent) }
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

fn require(caller: &Caller) -> Result<(), Error> {
    caller.require(Permission::Agents).map_err(kontor_identity::Error::from)?;
    Ok(())
}

pub(crate) fn require_prompts(caller: &Caller) -> Result<(), Error> {
    caller.require(Permission::Prompts).map_err(kontor_identity::Error::from)?;
    Ok(())
}

/// What is read may be read by whom may change agents or their prompts.
pub(crate) fn require_either(caller: &Caller) -> Result<(), Error> {
    if caller.grants.permits(Permission::Agents) { Ok(()) } else { require_prompts(caller) }
}

fn may_see(caller: &Caller) -> bool {
    caller.grants.permits(Permission::Agents) || caller.grants.permits(Permission::Prompts)
}
