use kontor_agents::Agents;
use kontor_core::environment::Environment;
use kontor_crm::{Crm, Feed};
use kontor_http::Streams;
use kontor_identity::{Identity, SessionCookie};
use kontor_models::Models;
use kontor_operations::{Audit, WorkspaceJobs};
use tokio_util::sync::CancellationToken;

/// What the pages use. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    pub identity: Identity,
    pub crm: Crm,
    pub agents: Agents,
    pub jobs: WorkspaceJobs,
    pub audit: Audit,
    /// What changes in workspaces, for the pages that show it.
    pub feed: Feed,
    pub models: Models,
    pub environment: Environment,
    /// What people stay signed in by.
    pub cookie: SessionCookie,
    /// The event streams that are open, of the pages and of the face for programs.
    pub streams: Streams,
    /// Ends the streams of events, which would otherwise outlive the server's last request.
    pub shutdown: CancellationToken,
}
