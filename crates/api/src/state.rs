use std::sync::Arc;

use kontor_agents::Agents;
use kontor_core::environment::Environment;
use kontor_crm::Crm;
use kontor_identity::Identity;
use kontor_models::Models;
use tokio_util::sync::CancellationToken;

/// What the handlers use. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    pub identity: Identity,
    pub crm: Crm,
    pub agents: Agents,
    pub models: Models,
    pub environment: Environment,
    /// Where people and programs reach this server, without a slash at the end.
    pub public_url: Arc<str>,
    /// Ends the streams of events, which would otherwise outlive the server's last request.
    pub shutdown: CancellationToken,
}

impl ApiState {
    /// The name of the cookie that the pages sign in with. Where the way is encrypted the browser itself
    /// keeps other hosts from setting it (RFC 6265bis, section 4.1.3.2).
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.public_url.starts_with("https:") { "__Host-kontor_session" } else { "kontor_session" }
    }
}
