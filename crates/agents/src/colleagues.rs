//! The agents of a workspace that others may ask.

use std::{sync::Arc, time::Duration};

use kontor_core::{
    cache::Cache,
    environment::Environment,
    grants::Grants,
    ids::{AgentId, WorkspaceId},
};
use kontor_models::Colleague;

use crate::{definition::Agent, engine::Agents, error::Error, rows::agents};

/// How long it is believed which agents there are.
const BELIEVED: Duration = Duration::from_secs(5);
/// Workspaces of which it is remembered.
const REMEMBERED: usize = 1_000;

/// The agents of workspaces that take messages, as they were read.
pub(crate) struct Rosters(Cache<WorkspaceId, Roster>);

type Roster = Arc<[(AgentId, Colleague)]>;

impl Rosters {
    pub(crate) fn new(environment: Environment) -> Self {
        Self(Cache::expiring(REMEMBERED, BELIEVED, environment))
    }

    /// Has them read anew.
    pub(crate) fn forget(&self, workspace: WorkspaceId) {
        self.0.remove(&workspace);
    }
}

impl Agents {
    /// Those of the named agents that take messages, that a member with these grants may use, and that are none of
    /// `asking`; in the order in which they are named.
    pub(crate) async fn colleagues(
        &self,
        workspace: WorkspaceId,
        named: &[String],
        member: &Grants,
        asking: &[AgentId],
    ) -> Result<Vec<(AgentId, Colleague)>, Error> {
        if named.is_empty() {
            return Ok(Vec::new());
        }
        let roster = self.0.rosters.0.get_or_load(&workspace, |_| self.read_roster(workspace)).await?;
        let is_open = |name: &&String| member.agents().contains(name);
        let found = named.iter().filter(is_open).filter_map(|name| {
            let entry = roster.iter().find(|(_, colleague)| colleague.name == *name)?;
            (!asking.contains(&entry.0)).then(|| entry.clone())
        });
        Ok(found.collect())
    }

    async fn read_roster(&self, workspace: WorkspaceId) -> Result<Roster, Error> {
        let namespace = self.namespace(workspace).await?;
        let all = namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        let listed = all.into_iter().filter(|agent| agent.is_active).map(|agent: Agent| {
            let (label, description) = (agent.definition.label, agent.definition.description);
            (agent.id, Colleague { name: agent.name, label, description })
        });
        Ok::<_, Error>(listed.collect())
    }
}
