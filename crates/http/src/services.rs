use std::{ops::Deref, sync::Arc};

use kontor_agents::Agents;
use kontor_core::{caller::Caller, environment::Environment};
use kontor_crm::{Crm, Feed};
use kontor_evals::{
    evaluations::Evaluations,
    tryouts::{self, Tryout, Tryouts},
};
use kontor_identity::{Identity, SessionCookie};
use kontor_models::Models;
use kontor_operations::{Audit, Operations, WorkspaceJobs};
use kontor_outbound::Outbound;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Health, RateLimits, Streams};

/// What the handlers of every face use. Cloning is cheap.
#[derive(Clone)]
pub struct Services(Arc<ServiceParts>);

/// What [`Services`] are made of.
pub struct ServiceParts {
    pub identity: Identity,
    pub crm: Crm,
    pub operations: Operations,
    pub jobs: WorkspaceJobs,
    pub audit: Audit,
    pub agents: Agents,
    /// Chats on prompts that are being written, in copies of workspaces.
    pub tryouts: Tryouts,
    /// Datasets and runs that workspaces keep.
    pub evaluations: Evaluations,
    pub models: Models,
    /// What asks other servers.
    pub outbound: Outbound,
    /// What changes in workspaces, for the pages that show it.
    pub feed: Feed,
    pub environment: Environment,
    /// Where people and programs reach this server, without a slash at the end.
    pub public_url: Arc<str>,
    /// What people stay signed in by.
    pub cookie: SessionCookie,
    /// The event streams that are open, of all faces.
    pub streams: Streams,
    /// The requests of the last minute, to all faces.
    pub rate_limits: RateLimits,
    /// How the server itself is.
    pub health: Health,
    /// Ends the streams of events, which would otherwise outlive the server's last request.
    pub shutdown: CancellationToken,
}

/// A tryout of somebody's, with what answers in its copy of the workspace.
pub struct OpenTryout {
    pub tryout: Arc<Tryout>,
    /// Those of the copy.
    pub services: Services,
    /// Who acts there.
    pub caller: Caller,
}

impl Services {
    pub fn new(parts: ServiceParts) -> Self {
        Self(Arc::new(parts))
    }

    /// A tryout of the caller's.
    ///
    /// # Errors
    /// As [`Tryouts::find`].
    pub async fn tryout(&self, caller: &Caller, agent: &str, id: Uuid) -> Result<OpenTryout, tryouts::Error> {
        let tryout = self.tryouts.find(caller, agent, id).await?;
        Ok(OpenTryout { services: self.within(&tryout), caller: tryout.caller().clone(), tryout })
    }

    /// The same for what happens in the copy of a workspace that a tryout has: nothing of it reaches the workspace.
    fn within(&self, tryout: &Tryout) -> Self {
        let sandbox = tryout.sandbox();
        let (store, crm) = (sandbox.store(), sandbox.crm());
        Self::new(ServiceParts {
            identity: sandbox.identity().clone(),
            crm: crm.clone(),
            operations: sandbox.operations().clone(),
            jobs: WorkspaceJobs::new(store.clone(), sandbox.jobs().clone()),
            audit: Audit::new(store.clone(), Arc::new(crm.clone())),
            agents: sandbox.agents().clone(),
            tryouts: self.tryouts.clone(),
            evaluations: self.evaluations.clone(),
            models: self.models.clone(),
            outbound: self.outbound.clone(),
            // Of the workspaces themselves: copies have other ids, of which it knows nothing.
            feed: self.feed.clone(),
            environment: sandbox.environment().clone(),
            public_url: self.public_url.clone(),
            cookie: self.cookie,
            streams: self.streams.clone(),
            rate_limits: self.rate_limits.clone(),
            health: self.health.clone(),
            shutdown: self.shutdown.clone(),
        })
    }
}

impl Deref for Services {
    type Target = ServiceParts;

    fn deref(&self) -> &ServiceParts {
        &self.0
    }
}
