use std::{ops::Deref, sync::Arc};

use kontor_agents::Agents;
use kontor_core::environment::Environment;
use kontor_crm::{Crm, Feed};
use kontor_identity::{Identity, SessionCookie};
use kontor_models::Models;
use kontor_operations::{Audit, Operations, WorkspaceJobs};
use tokio_util::sync::CancellationToken;

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
    pub models: Models,
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

impl Services {
    pub fn new(parts: ServiceParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Services {
    type Target = ServiceParts;

    fn deref(&self) -> &ServiceParts {
        &self.0
    }
}
