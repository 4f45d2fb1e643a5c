//! Agents as those see them who may change what they are.

mod checks;
mod colleagues;
mod input;
mod removal;
mod reset;
mod write;

use kontor_core::{caller::Caller, error::Issue, grants::Permission, text};
use serde_json::json;

pub use self::input::{AgentPatch, NewAgent};
use self::write::again;
pub(crate) use self::write::audit;
use crate::{
    access::member_of,
    definition::{Agent, AgentSummary, AgentVersion, may_see_all, names_in_sight},
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
        let seen = found.into_iter().filter(|agent| may_see_all(caller) || is_usable(agent));
        Ok::<_, Error>(seen.map(AgentSummary::from).collect())
    }

    /// The names of all of a workspace's agents that are not deleted, whoever asks.
    pub async fn agent_names(&self, workspace: kontor_core::ids::WorkspaceId) -> Result<Vec<String>, Error> {
        let namespace = self.namespace(workspace).await?;
        let found = namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        Ok::<_, Error>(found.into_iter().map(|agent| agent.name).collect())
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
        let sees_all = may_see_all(caller);
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
        namespace.read(agent.id, |tx, &id| Box::pin(agents::versions(tx, id, LISTED))).await
    }

    /// Makes an agent, of nothing or of another.
    ///
    /// # Errors
    /// Without the permission `agents`; [`Error::Invalid`] with all that is wrong; [`Error::AgentExists`]; where the
    /// role allows more than the caller may do.
    pub async fn create_agent(&self, caller: &Caller, new: NewAgent) -> Result<AgentSummary, Error> {
        caller.require(Permission::Agents)?;
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
            caller.require(Permission::Prompts)?;
        }
        self.check_name_is_free(caller, &new.name).await?;
        let is_active = new.active.unwrap_or(true);
        let mut patch = new.patch();
        if original.is_some() && patch.label.is_none() {
            patch.label = Some(text::excerpt(&format!("{} (copy)", before.label), 100));
        }
        let mut definition = patch.over(before);
        let mut issues: Vec<Issue> = input::of_name(&new.name).into_iter().collect();
        issues.extend(self.issues_of(caller, &new.name, None, &mut definition).await?);
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
        caller.require(Permission::Agents)?;
        let mut again = again(patch.version);
        loop {
            match self.change_once(caller, name, patch.clone()).await {
                Err(Error::AgentChanged { .. }) if again.next().is_some() => {}
                outcome => return outcome,
            }
        }
    }

    async fn change_once(
        &self,
        caller: &Caller,
        name: &str,
        patch: AgentPatch,
    ) -> Result<AgentSummary, Error> {
        let agent = self.present_agent(caller, name).await?;
        self.check_version(caller, &agent, patch.version).await?;
        let is_active = patch.active.unwrap_or(agent.is_active);
        let mut definition = patch.over(agent.definition.clone());
        if definition != agent.definition {
            let before = Some(&agent.definition);
            let issues = self.issues_of(caller, &agent.name, before, &mut definition).await?;
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
            None => Err(not_found(name, names_in_sight(caller, &all))),
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

/// What is read may be read by whom may change agents or their prompts.
pub(crate) fn require_either(caller: &Caller) -> Result<(), Error> {
    if caller.grants.permits(Permission::Agents) { Ok(()) } else { Ok(caller.require(Permission::Prompts)?) }
}
