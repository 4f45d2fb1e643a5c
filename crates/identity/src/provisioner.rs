//! What else a new workspace and a new member need, done by those who know it in the same transaction.

use std::{error::Error, fmt, sync::Arc};

use futures::future::BoxFuture;
use kontor_core::{
    error::{Fault, Problem},
    filter::OwnRecord,
    ids::{AgentId, MemberId, WorkspaceId},
    locale::TimeZone,
    metadata::Schema,
    scope::Patterns,
    time::Timestamp,
};
use kontor_store::Tx;

/// What the rest of the system keeps of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberProfile {
    pub id: MemberId,
    pub name: String,
    pub email: String,
    /// The one they have set.
    pub time_zone: Option<TimeZone>,
}

/// Completes workspaces and members with what this crate does not know: objects, records, agents.
///
/// All run within a unit of work that may be run again, so they do nothing but through its transaction.
pub trait Provisioner: Send + Sync {
    /// Installs a new workspace, in the unit (an `alter`) that makes its roles.
    fn install<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> BoxFuture<'t, Result<(), ProvisionError>>;

    /// Makes or renews what is kept of a member, in the unit that writes the membership.
    fn write_member<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        workspace: WorkspaceId,
        member: &'t MemberProfile,
        now: Timestamp,
    ) -> BoxFuture<'t, Result<(), ProvisionError>>;

    /// The workspace's objects, which roles are about.
    fn schema<'t>(&'t self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<Arc<Schema>, ProvisionError>>;

    /// What is kept of a member, for the filters that name it.
    fn own_record<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        member: MemberId,
    ) -> BoxFuture<'t, Result<OwnRecord, ProvisionError>>;

    /// An agent, whether it is active or not; none where there is none, or it was deleted.
    fn bound_agent<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        key: &'t AgentKey,
    ) -> BoxFuture<'t, Result<Option<BoundAgent>, ProvisionError>>;

    /// The names of the agents that have a role.
    fn agents_of_role<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        role: &'t str,
    ) -> BoxFuture<'t, Result<Vec<String>, ProvisionError>>;
}

/// By what an agent is looked for.
#[derive(Debug, Clone)]
pub enum AgentKey {
    Id(AgentId),
    Name(String),
}

/// An agent as what bounds whoever acts through it.
#[derive(Debug, Clone)]
pub struct BoundAgent {
    pub id: AgentId,
    pub name: String,
    pub label: String,
    /// The name of its role.
    pub role: String,
    pub operations: Patterns,
    pub is_active: bool,
}

/// Why a [`Provisioner`] could not do its part. Any [`Fault`] turns into one by `?`.
#[derive(Debug)]
pub struct ProvisionError(Box<dyn Fault>);

impl ProvisionError {
    pub(crate) fn problem(&self) -> Problem {
        self.0.problem()
    }
}

impl<F: Fault> From<F> for ProvisionError {
    fn from(fault: F) -> Self {
        Self(Box::new(fault))
    }
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the workspace or member could not be completed")
    }
}

impl Error for ProvisionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}
