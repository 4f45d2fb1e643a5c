//! What turns are run with, and how a session gets to whoever runs it.

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use kontor_core::{
    cache::Cache,
    environment::Environment,
    ids::{AgentId, SessionId, TurnId, WorkspaceId},
};
use kontor_crm::Crm;
use kontor_identity::Identity;
use kontor_models::Models;
use kontor_operations::Operations;
use kontor_store::{Namespace, Store, jobs::Jobs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    colleagues::Rosters,
    definition::{Agent, Definition},
    driver::{Preparations, TakenTurn},
    error::Error,
    history::Histories,
    limits::{AgentSettings, Limits},
    prompts::{Form, Prompt, Values},
    rows::agents,
    running::Running,
    stream::Hub,
    workspace_budgets::WorkspaceBudgets,
    workspace_models::WorkspaceModels,
};

/// How long an agent's definition is believed: a change of it by another server holds within five seconds, what an
/// operation takes included.
const BELIEVED: Duration = Duration::from_secs(4);
/// Sessions that can wait to be looked at; beyond it, the sweep finds them.
const WAKES: usize = 8_192;
/// Prompts and tools of which it is remembered that they are kept, and for how long: once a day it is written that they
/// are still sent.
const KEPT: usize = 4_096;
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Agents that are remembered.
const REMEMBERED: usize = 1_000;

/// What the worker is told.
pub(crate) enum Wake {
    /// A session may have something to run.
    Look(WorkspaceId, SessionId),
    /// A turn is taken up for it.
    Run(Claim, Box<TakenTurn>),
}

/// A session that is kept from all others of this process, and the permit to run a turn of it. Dropped, the
/// session is free again.
pub(crate) struct Claim {
    agents: Agents,
    workspace: WorkspaceId,
    session: SessionId,
    permit: Option<OwnedSemaphorePermit>,
}

impl Claim {
    /// Has the worker run a turn of the session.
    pub(crate) fn run(self, turn: Box<TakenTurn>) {
        let (agents, session) = (self.agents.clone(), self.session);
        if agents.0.wake.try_send(Wake::Run(self, turn)).is_err() {
            tracing::debug!(%session, "the worker did not take a turn over; a sweep will find it");
        }
    }

    /// What was claimed, for the worker to go on with: it leaves the session when all is done.
    pub(crate) fn into_parts(mut self) -> (WorkspaceId, SessionId, Option<OwnedSemaphorePermit>) {
        (self.workspace, self.session, self.permit.take())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Without the permit it is the worker's.
        if self.permit.take().is_some() && !self.agents.0.running.leave(self.session) {
            self.agents.0.running.forget(self.session);
            self.agents.wake(self.workspace, self.session);
        }
    }
}

/// Agents, their sessions and turns. Cloning is cheap.
#[derive(Clone)]
pub struct Agents(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) crm: Crm,
    pub(crate) operations: Operations,
    pub(crate) jobs: Jobs,
    pub(crate) identity: Identity,
    pub(crate) models: Models,
    pub(crate) environment: Environment,
    pub(crate) settings: AgentSettings,
    /// Whose leases are ours.
    pub(crate) owner: Uuid,
    pub(crate) hub: Hub,
    pub(crate) running: Running,
    pub(crate) histories: Histories,
    pub(crate) preparations: Preparations,
    pub(crate) workspace_models: WorkspaceModels,
    pub(crate) workspace_budgets: WorkspaceBudgets,
    pub(crate) rosters: Rosters,
    /// The prompts and tools that were kept lately, by their digest.
    pub(crate) kept: Cache<(WorkspaceId, Arc<str>), ()>,
    /// Agents as they are now.
    pub(crate) agents: Cache<AgentId, Arc<LoadedAgent>>,
    /// Agents as they are at versions, which never change.
    versions: Cache<(AgentId, i64), Arc<LoadedAgent>>,
    /// As many turns as may run; none before there is a worker.
    pub(crate) permits: Arc<Semaphore>,
    /// Whether the permits were given: a worker that is begun again has those of the one before.
    pub(crate) is_at_work: AtomicBool,
    /// What the worker lets come to its end when it stops.
    pub(crate) tracker: TaskTracker,
    wake: mpsc::Sender<Wake>,
    pub(crate) wakes: Mutex<Option<mpsc::Receiver<Wake>>>,
}

/// An agent under one of its versions, with its prompt compiled.
pub(crate) struct LoadedAgent {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    pub(crate) version: i64,
    pub(crate) definition: Definition,
    pub(crate) form: Form,
    prompt: Prompt,
}

impl LoadedAgent {
    /// With its prompt compiled.
    ///
    /// # Errors
    /// [`Error::Prompt`] or [`Error::Format`], where what is stored cannot be used.
    pub(crate) fn new(agent: Agent) -> Result<Self, Error> {
        let prompt = Prompt::new(&agent.name, &agent.prompt)?;
        let Agent { id, name, version, definition, .. } = agent;
        let form =
            Form::new(&definition.format).map_err(|reason| Error::Format { agent: name.clone(), reason })?;
        Ok(Self { id, name, version, definition, form, prompt })
    }

    /// What its model is told.
    pub(crate) fn render(&self, values: &Values<'_>) -> Result<String, Error> {
        let mut text = self.prompt.render(values)?;
        text.push_str(self.form.instruction());
        Ok(text)
    }
}

/// What agents work with.
pub struct AgentParts {
    pub store: Store,
    pub crm: Crm,
    pub operations: Operations,
    pub jobs: Jobs,
    pub identity: Identity,
    pub models: Models,
    pub environment: Environment,
}

impl Agents {
    pub fn new(parts: AgentParts, settings: AgentSettings) -> Self {
        let AgentParts { store, crm, operations, jobs, identity, models, environment } = parts;
        let (wake, wakes) = mpsc::channel(WAKES);
        let agents = Cache::expiring(REMEMBERED, BELIEVED, environment.clone());
        let kept = Cache::expiring(KEPT, KEPT_FOR, environment.clone());
        let workspace_models = WorkspaceModels::new(environment.clone());
        let workspace_budgets = WorkspaceBudgets::new(environment.clone());
        let rosters = Rosters::new(environment.clone());
        Self(Arc::new(Inner {
            owner: settings.owner.unwrap_or_else(|| environment.new_id()),
            store,
            crm,
            operations,
            jobs,
            identity,
            models,
            environment,
            settings,
            hub: Hub::default(),
            running: Running::default(),
            histories: Histories::default(),
            preparations: Preparations::default(),
            workspace_models,
            workspace_budgets,
            rosters,
            agents,
            kept,
            versions: Cache::new(REMEMBERED),
            permits: Arc::new(Semaphore::new(0)),
            is_at_work: AtomicBool::new(false),
            tracker: TaskTracker::new(),
            wake,
            wakes: Mutex::new(Some(wakes)),
        }))
    }

    /// What bounds a turn and its message.
    pub fn limits(&self) -> &Limits {
        &self.0.settings.limits
    }

    pub(crate) async fn namespace(&self, workspace: WorkspaceId) -> Result<Namespace, Error> {
        Ok(self.0.store.workspace(workspace).await?)
    }

    /// An agent as it is now, or was a few seconds ago.
    pub(crate) async fn agent(&self, workspace: WorkspaceId, id: AgentId) -> Result<Arc<LoadedAgent>, Error> {
        self.0.agents.get_or_load(&id, |known| self.load_agent(workspace, id, None, known)).await
    }

    /// An agent as it was at a version; as it is now where the version is not known.
    pub(crate) async fn agent_at(
        &self,
        workspace: WorkspaceId,
        id: AgentId,
        version: Option<i64>,
    ) -> Result<Arc<LoadedAgent>, Error> {
        let Some(version) = version else { return self.agent(workspace, id).await };
        let load = |known| self.load_agent(workspace, id, Some(version), known);
        self.0.versions.get_or_load(&(id, version), load).await
    }

    async fn load_agent(
        &self,
        workspace: WorkspaceId,
        id: AgentId,
        version: Option<i64>,
        known: Option<Arc<LoadedAgent>>,
    ) -> Result<Arc<LoadedAgent>, Error> {
        let namespace = self.namespace(workspace).await?;
        let found = namespace
            .read((id, version), |tx, &(id, version)| {
                Box::pin(async move {
                    match version {
                        None => agents::find(tx, id).await,
                        Some(version) => agents::find_at(tx, id, version).await,
                    }
                })
            })
            .await?;
        let found: Agent =
            found.ok_or_else(|| Error::AgentNotFound { name: id.to_string(), near: String::new() })?;
        // The same object, so that what was made for it is found again.
        if let Some(known) =
            known.filter(|known| (known.version, &known.name) == (found.version, &found.name))
        {
            return Ok(known);
        }
        LoadedAgent::new(found).map(Arc::new)
    }

    /// Has an agent read anew that was changed, and whom others may ask.
    pub(crate) fn forget_agent(&self, workspace: WorkspaceId, id: AgentId) {
        self.0.agents.remove(&id);
        self.0.rosters.forget(workspace);
    }

    /// Tells whoever is told of it that a turn has ended.
    pub(crate) fn turn_ended(&self, workspace: WorkspaceId, turn: TurnId) {
        if let Some(observer) = &self.0.settings.observer {
            observer.turn_ended(workspace, turn);
        }
    }

    /// Keeps a session for a turn that begins at once; `None` where it is being run, or nothing can run now.
    pub(crate) fn claim(&self, workspace: WorkspaceId, session: SessionId) -> Option<Claim> {
        let permit = self.0.permits.clone().try_acquire_owned().ok()?;
        let is_free = self.0.running.claim(session);
        is_free.then(|| Claim { agents: self.clone(), workspace, session, permit: Some(permit) })
    }

    /// Has a session looked at by this process's worker, if it has one.
    pub(crate) fn wake(&self, workspace: WorkspaceId, session: SessionId) {
        if self.0.wake.try_send(Wake::Look(workspace, session)).is_err() {
            tracing::debug!(%session, "no worker of this process hears of the session; a sweep will find it");
        }
    }
}
