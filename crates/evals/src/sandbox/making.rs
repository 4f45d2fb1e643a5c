//! How throw-away workspaces are made.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use kontor_agents::{Account, AgentParts, AgentSettings, Agents, WorkspaceSetup};
use kontor_core::{
    caller::Operator,
    environment::Environment,
    ids::{MemberId, WorkspaceId},
    text::hex,
    time::Timestamp,
};
use kontor_crm::Crm;
use kontor_identity::{Identity, IdentitySettings, MasterSecret, NewWorkspace, PasswordCost};
use kontor_models::Models;
use kontor_operations::{ApprovalPolicy, Contributor, OperationSettings, Operations};
use kontor_store::{
    DataStep, Store, StoreConfig,
    jobs::{JobSettings, Jobs},
};
use tokio::sync::OnceCell;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Error, Sandbox, Template,
    failing::{self, FailOnce},
    folder::{ProcessFolder, Scratch},
    inside::Inside,
    template::Frozen,
    workspace::Whole,
};

/// Turns that run at one time in a throw-away workspace.
const TURNS: usize = 8;

/// What throw-away workspaces are made with.
pub struct SandboxParts {
    /// Where they lie: a folder for nothing else. What processes left in it that are gone is removed.
    pub folder: PathBuf,
    /// The models that agents have in a new workspace.
    pub models: Models,
    /// What the operations are composed of. Those that reach outside are not made.
    pub contributors: Vec<Arc<dyn Contributor>>,
    /// Those of all crates.
    pub data_steps: Vec<DataStep>,
    pub policy: ApprovalPolicy,
    /// How turns are run; who is told of them and who pays for them stays behind.
    pub agents: AgentSettings,
    /// For the names of folders and for secrets, which are good for nothing outside this process.
    pub environment: Environment,
    /// They are made by the program itself.
    pub operator: Operator,
}

/// Makes throw-away workspaces. Cloning is cheap.
#[derive(Clone)]
pub struct Sandboxes(Arc<Inner>, Option<Arc<dyn Account>>);

pub(super) struct Inner {
    root: PathBuf,
    /// Made with the first workspace that needs it.
    folder: Mutex<Option<Arc<ProcessFolder>>>,
    pub(super) models: Models,
    contributors: Vec<Arc<dyn Contributor>>,
    data_steps: Vec<DataStep>,
    policy: ApprovalPolicy,
    agents: AgentSettings,
    pub(super) environment: Environment,
    pub(super) operator: Operator,
    secret: MasterSecret,
    /// Kept without a way back here, so that it goes with this.
    standard: OnceCell<Frozen>,
}

/// With what a workspace is opened.
pub(super) struct Opening {
    pub(super) environment: Environment,
    pub(super) models: Models,
    pub(super) account: Option<Arc<dyn Account>>,
    /// Operations that fail once.
    pub(super) failing: Option<FailOnce>,
}

impl Sandboxes {
    pub fn new(parts: SandboxParts) -> Self {
        let SandboxParts {
            folder: root,
            models,
            contributors,
            data_steps,
            policy,
            agents,
            environment,
            operator,
        } = parts;
        let secret = hex(&environment.random::<32>()).into_bytes();
        Self(
            Arc::new(Inner {
                root,
                folder: Mutex::default(),
                models,
                contributors: contributors.into_iter().map(|from| Arc::new(Inside(from)) as _).collect(),
                data_steps,
                policy,
                agents,
                environment,
                operator,
                secret: MasterSecret::new(secret),
                standard: OnceCell::new(),
            }),
            None,
        )
    }

    /// The same, whose workspaces are paid for by somebody.
    #[must_use]
    pub fn charged_to(&self, account: Arc<dyn Account>) -> Self {
        Self(self.0.clone(), Some(account))
    }

    pub(super) fn account(&self) -> Option<Arc<dyn Account>> {
        self.1.clone()
    }

    /// Removes what processes left that are gone. It is done by itself with the first workspace as well; a server does
    /// it when it starts.
    pub fn sweep(&self) {
        super::folder::sweep(&self.0.root);
    }

    /// A new workspace with its first admin, made as any is.
    ///
    /// # Errors
    /// Where there is no room on the disk, and what the database said.
    pub async fn make(&self, new: NewWorkspace, environment: Environment) -> Result<Sandbox, Error> {
        let account = self.account();
        let opening = Opening { environment, models: self.0.models.clone(), account, failing: None };
        let whole = self.open(self.scratch()?, opening).await?;
        let (workspace, member) = whole.identity.create_workspace(self.0.operator, new).await?;
        let begun = whole.crm.last_event(workspace).await?;
        Ok(Sandbox::begin(self.clone(), whole, Whose { workspace, member, begun }))
    }

    /// The template of a new workspace, which is made with the first use: with the standard objects, roles and agents,
    /// and one admin, Ada Brandt.
    ///
    /// # Errors
    /// As [`Sandboxes::make`].
    pub async fn standard(&self) -> Result<Template, Error> {
        let frozen = self.0.standard.get_or_try_init(|| async {
            let new = NewWorkspace {
                name: "Sandbox".to_owned(),
                admin_name: "Ada Brandt".to_owned(),
                email: "ada@sandbox.test".to_owned(),
                // Nobody signs in here.
                password: hex(&self.0.environment.random::<16>()),
            };
            let environment = Environment::reproducible(Timestamp::EPOCH, 0);
            Ok::<_, Error>(self.make(new, environment).await?.freeze().await?.frozen())
        });
        Ok(Template::new(self.clone(), frozen.await?.clone()))
    }

    /// A folder that does not exist yet.
    pub(super) fn scratch(&self) -> Result<Scratch, Error> {
        let mut folder = self.0.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match &*folder {
            Some(made) => made.clone(),
            None => {
                let made = Arc::new(ProcessFolder::make(&self.0.root, &self.0.environment)?);
                *folder = Some(made.clone());
                made
            }
        };
        Ok(made.scratch(&self.0.environment))
    }

    /// What agents may do unasked.
    pub(crate) fn policy(&self) -> &ApprovalPolicy {
        &self.0.policy
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// Builds the services on what lies in a folder, or on nothing where there is none.
    pub(super) async fn open(&self, folder: Scratch, opening: Opening) -> Result<Whole, Error> {
        let Opening { environment, models, account, failing } = opening;
        let config = StoreConfig {
            readers: 1,
            is_throwaway: true,
            data_steps: self.0.data_steps.clone(),
            ..StoreConfig::new(folder.path())
        };
        let store = Store::open(config, environment.clone()).await?;
        let crm = Crm::new(store.clone(), environment.clone());
        let operations = Operations::new(
            store.clone(),
            environment.clone(),
            Arc::new(crm.clone()),
            failing::contributors(&self.0.contributors, failing),
            OperationSettings { policy: self.0.policy.clone(), node: None },
        );
        let settings = IdentitySettings {
            // The passwords here are random and given to nobody.
            password_cost: PasswordCost { memory_kib: 8, iterations: 1, lanes: 1 },
            ..IdentitySettings::default()
        };
        let setup = Arc::new(WorkspaceSetup::new(environment.clone()));
        let secret = self.0.secret.clone();
        let identity = Identity::open(store.clone(), environment.clone(), secret, setup, settings).await?;
        let jobs = Jobs::new(store.clone(), environment.clone(), JobSettings::default());
        let parts = AgentParts {
            store: store.clone(),
            crm: crm.clone(),
            operations: operations.clone(),
            jobs: jobs.clone(),
            identity: identity.clone(),
            models,
            environment: environment.clone(),
        };
        let settings = AgentSettings {
            shared: false,
            owner: None,
            observer: None,
            gate: None,
            account,
            concurrency: TURNS,
            ..self.0.agents.clone()
        };
        let agents = Agents::new(parts, settings);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn(agents.worker().run(stop.clone()));
        Ok(Whole { folder, environment, store, crm, operations, identity, jobs, agents, stop, tasks })
    }
}

/// Whose a workspace is that was opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose {
    pub(super) workspace: WorkspaceId,
    pub(super) member: MemberId,
    /// The number of the last event of what was done before it was given away.
    pub(super) begun: i64,
}
