//! The services, built once and joined: the only place that knows them all.

use std::sync::Arc;

use kontor_agents::{AgentSettings, Agents};
use kontor_core::{environment::Environment, ids::WorkspaceId, time::Timestamp};
use kontor_crm::Crm;
use kontor_identity::{Identity, IdentitySettings, MemberProfile, ProvisionError, Provisioner};
use kontor_models::Models;
use kontor_store::{BoxFuture, DataDirLock, Store, Tx};

use crate::{config::Config, error::Error, node, secret};

/// Everything a server is made of.
pub(crate) struct Services {
    pub(crate) environment: Environment,
    pub(crate) store: Store,
    pub(crate) identity: Identity,
    pub(crate) crm: Crm,
    pub(crate) models: Models,
    pub(crate) agents: Agents,
    /// Held as long as the services are: one server works on a data folder.
    _lock: DataDirLock,
}

impl Services {
    /// Opens the data and builds the services on it.
    pub(crate) async fn open(config: &Config) -> Result<Self, Error> {
        let environment = Environment::system();
        let lock = DataDirLock::acquire(&config.data_dir)?;
        let secret = secret::load(config, &environment)?;
        let store = Store::open(config.store(), environment.clone()).await?;
        let crm = Crm::new(store.clone(), environment.clone());
        let provisioner = Arc::new(Parts { environment: environment.clone() });
        let identity = Identity::open(
            store.clone(),
            environment.clone(),
            secret,
            provisioner,
            IdentitySettings::default(),
        )
        .await?;
        let models = Models::new(config.models.clone(), environment.clone())?;
        let agents = Agents::new(
            store.clone(),
            crm.clone(),
            identity.clone(),
            models.clone(),
            environment.clone(),
            AgentSettings {
                shared: config.database_url.is_some(),
                owner: Some(node::load(config, &environment)?),
                ..AgentSettings::default()
            },
        );
        Ok(Self { environment, store, identity, crm, models, agents, _lock: lock })
    }
}

/// What a new workspace is made of, beyond its members: the CRM's objects and the standard agents.
struct Parts {
    environment: Environment,
}

impl Provisioner for Parts {
    fn install<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        _workspace: WorkspaceId,
        now: Timestamp,
    ) -> BoxFuture<'t, Result<(), ProvisionError>> {
        Box::pin(async move {
            Crm::install(tx, &self.environment, now).await?;
            Agents::install(tx, &self.environment, now).await?;
            Ok(())
        })
    }

    fn write_member<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        workspace: WorkspaceId,
        member: &'t MemberProfile,
        now: Timestamp,
    ) -> BoxFuture<'t, Result<(), ProvisionError>> {
        Box::pin(async move {
            let profile = (member.id, member.name.as_str(), member.email.as_str());
            Crm::write_member(tx, &self.environment, workspace, profile, now).await?;
            Ok(())
        })
    }
}
