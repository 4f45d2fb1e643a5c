//! The services, built once and joined: the only place that knows them all.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use kontor_agents::{AgentParts, AgentSettings, Agents, WorkspaceSetup};
use kontor_builtin::Builtin;
use kontor_core::{caller::Operator, environment::Environment};
use kontor_crm::{Crm, ProgramOperations, RecordOperations};
use kontor_evals::{
    evaluations::{EvaluationParts, Evaluations, GateKeeper},
    sandbox::{SandboxParts, Sandboxes, Source},
    tryouts::{TryoutLimits, Tryouts},
};
use kontor_identity::{Error as IdentityError, Identity, IdentitySettings, registered_workspaces};
use kontor_models::{ModelError, Models};
use kontor_operations::{ApprovalPolicy, Audit, Contributor, OperationSettings, Operations, WorkspaceJobs};
use kontor_store::{
    DataDirLock, DataStep, Depth, Store, StoreConfig,
    jobs::{JobSettings, Jobs},
};

use crate::{config::Config, error::Error, node, secret, telemetry::Exporter};

/// The folder of workspaces that are thrown away, within the data folder.
const SANDBOXES: &str = "sandboxes";

/// Everything a server is made of.
pub(crate) struct Services {
    pub(crate) environment: Environment,
    pub(crate) store: Store,
    pub(crate) identity: Identity,
    pub(crate) crm: Crm,
    pub(crate) operations: Operations,
    pub(crate) jobs: Jobs,
    pub(crate) models: Models,
    pub(crate) agents: Agents,
    pub(crate) tryouts: Tryouts,
    pub(crate) evaluations: Evaluations,
    /// What sends the traces of turns, until a server takes it.
    pub(crate) exporter: Mutex<Option<Exporter>>,
    /// Held as long as the services are: one server works on a data folder. A command beside it has none.
    _lock: Option<DataDirLock>,
}

impl Services {
    /// Opens the data and builds the services of the server that is reached at `url`.
    pub(crate) async fn open(config: &Config, url: &str) -> Result<Self, Error> {
        let lock = DataDirLock::acquire(&config.data_dir)?;
        Self::build(config, url, Some(lock)).await
    }

    /// The services of a command that adds something and ends. It may do so beside a running server: both see
    /// what the other commits, and the server remembers nobody and no workspace that is not there. What must
    /// not happen beneath a server is a migration.
    pub(crate) async fn open_beside(config: &Config) -> Result<Self, Error> {
        let lock = match DataDirLock::acquire(&config.data_dir) {
            Ok(lock) => Some(lock),
            Err(kontor_store::Error::Locked { path }) => {
                let checks =
                    Store::inspect(&config.store(), Depth::Schema, Some(registered_workspaces)).await?;
                let mut there = checks.into_iter().filter(|check| !check.is_lost);
                let outdated = there.find_map(|check| Some((check.name, check.outcome.err()?)));
                if let Some((name, why)) = outdated {
                    let message = format!(
                        "{} is in use by a Kontor server, beside which this cannot run ({name}: {why}); stop the server first",
                        path.display()
                    );
                    return Err(Error::Usage(message));
                }
                None
            }
            Err(error) => return Err(error.into()),
        };
        Self::build(config, &config.url(config.listen), lock).await
    }

    /// The jobs of workspaces, for their admins.
    pub(crate) fn workspace_jobs(&self) -> WorkspaceJobs {
        WorkspaceJobs::new(self.store.clone(), self.jobs.clone())
    }

    /// The audit of workspaces, for those who may read it.
    pub(crate) fn audit(&self) -> Audit {
        Audit::new(self.store.clone(), Arc::new(self.crm.clone()))
    }

    async fn build(config: &Config, url: &str, lock: Option<DataDirLock>) -> Result<Self, Error> {
        let environment = Environment::system();
        let (secret, is_new) = secret::load(config, &environment)?;
        let store = Store::open(with_data_steps(config.store()), environment.clone()).await?;
        let crm = Crm::new(store.clone(), environment.clone());
        let node = node::load(config, &environment)?;
        let operations = Operations::new(
            store.clone(),
            environment.clone(),
            Arc::new(crm.clone()),
            contributors(),
            OperationSettings {
                policy: ApprovalPolicy { unasked_changes: config.agents.unasked_changes },
                // A command beside a server is not that server, whose calls are its own.
                node: lock.is_some().then_some(node),
            },
        );
        let provisioner = Arc::new(WorkspaceSetup::new(environment.clone()));
        let identity = Identity::open(
            store.clone(),
            environment.clone(),
            secret,
            provisioner,
            // The same that the server is told about under its well-known address.
            IdentitySettings { issuer: url.to_owned(), ..IdentitySettings::default() },
        )
        .await;
        let policy = ApprovalPolicy { unasked_changes: config.agents.unasked_changes };
        let identity = match identity {
            Err(IdentityError::OtherSecret) if is_new => return Err(secret::missing(config)),
            other => other?,
        };
        let models = models(config, &environment)?;
        let shared = config.database_url.is_some();
        let settings = JobSettings { shared, owner: Some(node), ..JobSettings::default() };
        let jobs = Jobs::new(store.clone(), environment.clone(), settings);
        // A command beside a server runs no turns.
        let (exporter, observer) = match lock.is_some() {
            true => Exporter::of(&config.telemetry, &config.outbound())?.unzip(),
            false => (None, None),
        };
        let agents = Agents::new(
            AgentParts {
                store: store.clone(),
                crm: crm.clone(),
                operations: operations.clone(),
                jobs: jobs.clone(),
                identity: identity.clone(),
                models: models.clone(),
                environment: environment.clone(),
            },
            AgentSettings {
                shared,
                owner: Some(node),
                observer,
                gate: Some(Arc::new(GateKeeper::new(store.clone(), identity.clone(), policy.clone()))),
                ..AgentSettings::default()
            },
        );
        let sandboxes = sandboxes(config, config.data_dir.join(SANDBOXES), models.clone(), &environment);
        let source = Source { store: store.clone(), identity: identity.clone(), agents: agents.clone() };
        let evaluations = Evaluations::new(EvaluationParts {
            sandboxes: sandboxes.clone(),
            source: source.clone(),
            crm: crm.clone(),
            jobs: jobs.clone(),
            environment: environment.clone(),
            policy,
        });
        let tryouts = Tryouts::new(sandboxes, source, environment.clone(), TryoutLimits::default());
        Ok(Self {
            environment,
            store,
            identity,
            crm,
            operations,
            jobs,
            models,
            agents,
            tryouts,
            evaluations,
            exporter: Mutex::new(exporter),
            _lock: lock,
        })
    }
}

/// The configured models beside the command interpreter.
pub(crate) fn models(config: &Config, environment: &Environment) -> Result<Models, ModelError> {
    Models::new(config.models.clone(), &config.outbound(), Arc::new(Builtin::default()), environment.clone())
}

/// Throw-away workspaces in a folder of their own.
pub(crate) fn sandboxes(
    config: &Config,
    folder: PathBuf,
    models: Models,
    environment: &Environment,
) -> Sandboxes {
    Sandboxes::new(SandboxParts {
        folder,
        models,
        contributors: contributors(),
        data_steps: data_steps(),
        policy: ApprovalPolicy { unasked_changes: config.agents.unasked_changes },
        agents: AgentSettings::default(),
        environment: environment.clone(),
        operator: Operator::of_this_installation(),
    })
}

/// What every crate contributes to the operations.
fn contributors() -> Vec<Arc<dyn Contributor>> {
    vec![
        Arc::new(RecordOperations),
        Arc::new(ProgramOperations),
        #[cfg(debug_assertions)]
        Arc::new(kontor_operations::testing::CountedEffects::from_environment()),
    ]
}

/// The store's configuration with the data steps of every crate.
fn with_data_steps(config: StoreConfig) -> StoreConfig {
    StoreConfig { data_steps: data_steps(), ..config }
}

/// Those of all crates.
fn data_steps() -> Vec<DataStep> {
    [kontor_crm::data_steps(), kontor_identity::data_steps(), kontor_agents::data_steps()].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_data_steps_have_one_number() {
        let steps = with_data_steps(StoreConfig::new("unused")).data_steps;
        let numbers: BTreeSet<_> = steps.iter().map(|step| step.number).collect();
        assert_eq!(numbers.len(), steps.len(), "{steps:?}");
    }
}
