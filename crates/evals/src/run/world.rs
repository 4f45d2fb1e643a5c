//! A fixture made real: the workspace that the trials of its cases begin as.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use kontor_agents::{AgentPatch, LabelMove, NewAgent, NewPrompt, PRODUCTION};
use kontor_core::{
    caller::Caller, environment::Environment, ids::MemberId, metadata::Schema, time::Timestamp,
};
use kontor_crm::{
    metadata::NewField,
    records::{BatchInput, ListQuery, MAX_BATCH, MAX_LIMIT, RecordWrite},
};
use kontor_identity::{NewMember, NewRole};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::{Error, RunParts};
use crate::{
    dataset::{
        Fixture, FixtureRecord,
        refs::{self, Ids},
    },
    grade::Records,
    sandbox::{Sandbox, Template},
};

/// What the clock says where a fixture does not say it: a Monday.
const USUAL_CLOCK: &str = "2026-03-02T09:00:00Z";
/// How long before the trials the fixture was made: nothing in it is of the present moment.
const MADE_BEFORE: Duration = Duration::from_secs(24 * 3_600);

/// What is tried of agents in the place of what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentChanges {
    /// The agent that is asked in every case, whichever the case names.
    pub agent: Option<String>,
    /// What the agents that are asked are told, in the place of their prompts.
    pub prompt: Option<String>,
    /// Whether the agents ask the run's model rather than their own.
    pub one_model: bool,
}

/// A fixture made real.
pub(super) struct World {
    pub(super) template: Template,
    /// Of its members and records, by local id.
    pub(super) ids: Ids,
    members: BTreeMap<String, MemberId>,
    /// Of its records, by local id.
    pub(super) objects: BTreeMap<String, String>,
    pub(super) records: Records,
    pub(super) clock: Timestamp,
    pub(super) seed: u64,
    /// Agents that are asked and are not there, or cannot be what is tried of them: why. Their cases are not run.
    unfit: BTreeMap<String, String>,
}

impl World {
    /// Makes the workspace of a fixture. `agents` are those that its cases ask.
    pub(super) async fn make(
        parts: &RunParts,
        fixture: &Fixture,
        agents: &BTreeSet<String>,
        changes: &AgentChanges,
    ) -> Result<Self, Error> {
        let clock = fixture.clock.as_deref().unwrap_or(USUAL_CLOCK).parse::<Timestamp>();
        let clock = clock.map_err(|error| Error::fixture("fixture.clock", error.to_string()))?;
        let seed = fixture.seed.unwrap_or(1);
        let environment = Environment::reproducible(clock.minus(MADE_BEFORE), seed);
        let base = match &parts.base {
            Some(base) => base.clone(),
            None => parts.sandboxes.standard().await?,
        };
        let sandbox = base.open_with(environment, parts.models.clone(), None).await?;
        let mut building = Building {
            admin: sandbox.caller().await?,
            sandbox: &sandbox,
            ids: Ids::new(),
            members: BTreeMap::new(),
            objects: BTreeMap::new(),
        };
        building.people(fixture).await?;
        let unfit = building.agents(fixture, agents, changes).await?;
        building.records(fixture.all_records(), "fixture.records").await?;
        let Building { admin, ids, members, objects, .. } = building;
        let records = all_records(&sandbox, &admin).await?;
        Ok(Self { template: sandbox.freeze().await?, ids, members, objects, records, clock, seed, unfit })
    }

    /// Whether an agent can be asked.
    pub(super) fn check_agent(&self, name: &str) -> Result<(), Error> {
        self.unfit.get(name).map_or(Ok(()), |told| Err(Error::fixture("agent", told)))
    }

    /// The member with a local id; the workspace's admin for none.
    pub(super) fn member(&self, local: Option<&str>, admin: MemberId) -> Result<MemberId, Error> {
        let Some(local) = local else { return Ok(admin) };
        let told = || Error::fixture("member", format!("no member has the local id {local:?}"));
        self.members.get(local).copied().ok_or_else(told)
    }
}

/// A workspace that is being filled.
pub(super) struct Building<'s> {
    pub(super) sandbox: &'s Sandbox,
    pub(super) admin: Caller,
    pub(super) ids: Ids,
    members: BTreeMap<String, MemberId>,
    pub(super) objects: BTreeMap<String, String>,
}

impl<'s> Building<'s> {
    /// To add to a workspace of a world.
    pub(super) fn on(world: &World, sandbox: &'s Sandbox, admin: Caller) -> Self {
        let (ids, objects) = (world.ids.clone(), world.objects.clone());
        Self { sandbox, admin, ids, members: BTreeMap::new(), objects }
    }

    /// Fields, roles and members.
    async fn people(&mut self, fixture: &Fixture) -> Result<(), Error> {
        let identity = self.sandbox.identity();
        for (object, fields) in &fixture.fields {
            for (index, field) in fields.iter().enumerate() {
                let path = format!("fixture.fields.{object}[{index}]");
                let field: NewField = typed(&path, field)?;
                let added = self.sandbox.crm().add_field(&self.admin, object, field).await;
                added.map_err(|error| Error::at(path, error))?;
            }
        }
        for (index, role) in fixture.roles.iter().enumerate() {
            let path = format!("fixture.roles[{index}]");
            let role: NewRole = typed(&path, role)?;
            identity.create_role(&self.admin, role).await.map_err(|error| Error::at(path, error))?;
        }
        for (index, member) in fixture.members.iter().enumerate() {
            let email = member.email.clone().unwrap_or_else(|| format!("{}@sandbox.test", member.id));
            // Nobody signs in here.
            let password = self.sandbox.environment().new_id::<Uuid>().to_string();
            let new = NewMember { name: member.name.clone(), email, role: member.role.clone(), password };
            let added = identity.add_member(&self.admin, new).await;
            let id = added.map_err(|error| Error::at(format!("fixture.members[{index}]"), error))?;
            self.ids.insert(member.id.clone(), id.to_string());
            self.objects.insert(member.id.clone(), "member".to_owned());
            self.members.insert(member.id.clone(), id);
        }
        Ok(())
    }

    /// Agents, and what is tried of those that are asked; of which of them it cannot be, and why.
    async fn agents(
        &self,
        fixture: &Fixture,
        asked: &BTreeSet<String>,
        changes: &AgentChanges,
    ) -> Result<BTreeMap<String, String>, Error> {
        let agents = self.sandbox.agents();
        for (index, agent) in fixture.agents.iter().enumerate() {
            let path = format!("fixture.agents[{index}]");
            let mut agent: NewAgent = typed(&path, agent)?;
            if changes.one_model {
                (agent.model, agent.fallbacks) = (None, None);
            }
            agents.create_agent(&self.admin, agent).await.map_err(|error| Error::at(path, error))?;
        }
        let mut unfit = BTreeMap::new();
        for name in asked {
            match self.change_agent(name, changes).await {
                Err(Error::Fixture { path, message }) => {
                    unfit.insert(name.clone(), format!("{path}: {message}"));
                }
                changed => changed?,
            }
        }
        Ok(unfit)
    }

    /// Makes an agent what is tried of it.
    async fn change_agent(&self, name: &str, changes: &AgentChanges) -> Result<(), Error> {
        let agents = self.sandbox.agents();
        let path = || format!("agent {name:?}");
        let agent =
            agents.agent_by_name(&self.admin, name).await.map_err(|error| Error::at(path(), error))?;
        if changes.one_model {
            let patch = AgentPatch {
                version: Some(agent.version),
                model: Some(kontor_models::SMART.to_owned()),
                fallbacks: Some(Some(Vec::new())),
                ..AgentPatch::default()
            };
            let changed = agents.change_agent(&self.admin, name, patch).await;
            changed.map_err(|error| Error::at(path(), error))?;
        }
        if let Some(body) = &changes.prompt {
            let new = NewPrompt { body: body.clone(), note: "What is tried".to_owned() };
            let saved = agents.save_prompt(&self.admin, name, new).await;
            let version = saved.map_err(|error| Error::at("the prompt", error))?.version;
            let labels = agents.labels(&self.admin, name).await.map_err(|error| Error::at(path(), error))?;
            let production = labels.iter().find(|label| label.label == PRODUCTION);
            let to = LabelMove { version, expected: production.map(|label| label.version), reason: None };
            let moved = agents.move_label(&self.admin, name, PRODUCTION, to).await;
            moved.map_err(|error| Error::at("the prompt", error))?;
        }
        Ok(())
    }

    /// Makes records in their order, those of one object at a time where none refers to another among them.
    pub(super) async fn records(&mut self, records: Vec<FixtureRecord>, path: &str) -> Result<(), Error> {
        let mut waiting: Vec<(Option<String>, Map<String, Json>)> = Vec::new();
        let mut object = String::new();
        for (index, record) in records.into_iter().enumerate() {
            if record.object != object || waiting.len() == MAX_BATCH {
                self.make(&object, std::mem::take(&mut waiting), path).await?;
                object.clone_from(&record.object);
            }
            let values = match self.resolved(&record.values) {
                Ok(values) => values,
                Err(refs::UnknownRef(name)) => {
                    // It may be one of those that wait.
                    self.make(&object, std::mem::take(&mut waiting), path).await?;
                    let told = format!("nothing that was made before it has the local id {name:?}");
                    let resolved = self.resolved(&record.values);
                    resolved.map_err(|_| Error::fixture(format!("{path}[{index}]"), told))?
                }
            };
            waiting.push((record.id, values));
        }
        self.make(&object, waiting, path).await
    }

    fn resolved(&self, values: &Map<String, Json>) -> Result<Map<String, Json>, refs::UnknownRef> {
        refs::resolved(values, &self.ids)
    }

    async fn make(
        &mut self,
        object: &str,
        waiting: Vec<(Option<String>, Map<String, Json>)>,
        path: &str,
    ) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        let (names, values): (Vec<_>, Vec<_>) = waiting.into_iter().unzip();
        let write = RecordWrite::Batch(BatchInput::Create(values));
        let made = self.sandbox.crm().write_record(&self.admin, object, write).await;
        let made = made.map_err(|error| Error::at(format!("{path}, {object}"), error))?;
        for (name, record) in names.into_iter().zip(made) {
            let Some(name) = name else { continue };
            self.ids.insert(name.clone(), record.id.to_string());
            self.objects.insert(name, object.to_owned());
        }
        Ok(())
    }
}

fn typed<T: DeserializeOwned>(path: &str, value: &Map<String, Json>) -> Result<T, Error> {
    serde_json::from_value(Json::Object(value.clone()))
        .map_err(|error| Error::fixture(path, error.to_string()))
}

/// Every record of a workspace that is not deleted.
pub(super) async fn all_records(sandbox: &Sandbox, admin: &Caller) -> Result<Records, Error> {
    let mut all = Records::default();
    for object in schema(sandbox, admin).await?.objects() {
        let mut after = None;
        loop {
            let query = ListQuery { limit: MAX_LIMIT, after, ..ListQuery::default() };
            let page = sandbox.crm().list(admin, object.name.as_str(), query).await?;
            for record in page.records {
                all.add(&object.name, record.id, record.values);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(all)
}

pub(super) async fn schema(sandbox: &Sandbox, caller: &Caller) -> Result<Arc<Schema>, Error> {
    Ok(sandbox.crm().schema(caller.workspace).await?)
}
