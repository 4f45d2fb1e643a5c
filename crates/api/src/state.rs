use std::sync::Arc;

use kontor_agents::Agents;
use kontor_core::environment::Environment;
use kontor_crm::Crm;
use kontor_http::{Health, Streams};
use kontor_identity::{Identity, SessionCookie};
use kontor_models::Models;
use kontor_operations::{Audit, Operations, WorkspaceJobs};
use tokio_util::sync::CancellationToken;

/// What the handlers use. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    pub identity: Identity,
    pub crm: Crm,
    pub operations: Operations,
    pub jobs: WorkspaceJobs,
    pub audit: Audit,
    pub agents: Agents,
    pub models: Models,
    pub environment: Environment,
    /// Where people and programs reach this server, without a slash at the end.
    pub public_url: Arc<str>,
    /// The cookie of the pages, which a request may sign in by as well.
    pub cookie: SessionCookie,
    /// The event streams that are open, of this face and the pages.
    pub streams: Streams,
    /// How the server itself is.
    pub health: Health,
    /// Ends the streams of events, which would otherwise outlive the server's last request.
    pub shutdown: CancellationToken,
}
