//! The budgets of a workspace, and when its days begin.

use std::{sync::Arc, time::Duration};

use kontor_core::{
    cache::Cache,
    environment::Environment,
    ids::{AgentId, MemberId, WorkspaceId},
    locale::TimeZone,
};
use kontor_identity::workspace_settings;

use crate::{
    engine::Agents,
    error::Error,
    rows::budgets::{self, BudgetRow},
    stored::BudgetScope,
};

/// How long the budgets of a workspace are believed.
const BELIEVED: Duration = Duration::from_secs(5);
/// Workspaces whose budgets are remembered.
const REMEMBERED: usize = 1_000;

/// The budgets of workspaces, as they were read.
pub(crate) struct WorkspaceBudgets(Cache<WorkspaceId, Arc<Budgets>>);

/// The budgets of a workspace.
pub(crate) struct Budgets {
    /// By whose clocks its days begin.
    pub(crate) time_zone: TimeZone,
    rows: Vec<BudgetRow>,
}

impl WorkspaceBudgets {
    pub(crate) fn new(environment: Environment) -> Self {
        Self(Cache::expiring(REMEMBERED, BELIEVED, environment))
    }

    /// Has them read anew.
    pub(crate) fn forget(&self, workspace: WorkspaceId) {
        self.0.remove(&workspace);
    }
}

impl Budgets {
    /// What one turn may use up.
    pub(crate) fn of_turn(&self) -> Option<&BudgetRow> {
        self.find(BudgetScope::Turn, "")
    }

    /// What bounds a day in which a member asks an agent, or no agent yet.
    pub(crate) fn of_day(
        &self,
        agent: Option<AgentId>,
        member: MemberId,
    ) -> impl Iterator<Item = &BudgetRow> {
        let of = |scope, id: String| self.find(scope, &id).or_else(|| self.find(scope, ""));
        let workspace = self.find(BudgetScope::Workspace, "");
        let agent = agent.and_then(|agent| of(BudgetScope::Agent, agent.to_string()));
        let member = of(BudgetScope::Member, member.to_string());
        [workspace, agent, member].into_iter().flatten()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn find(&self, scope: BudgetScope, subject: &str) -> Option<&BudgetRow> {
        self.rows.iter().find(|row| row.scope == scope && row.subject == subject)
    }
}

impl Agents {
    pub(crate) async fn budgets_of(&self, workspace: WorkspaceId) -> Result<Arc<Budgets>, Error> {
        let kept = &self.0.workspace_budgets.0;
        kept.get_or_load(&workspace, |_| self.read_budgets(workspace)).await
    }

    async fn read_budgets(&self, workspace: WorkspaceId) -> Result<Arc<Budgets>, Error> {
        let namespace = self.namespace(workspace).await?;
        namespace
            .read((), |tx, ()| {
                Box::pin(async move {
                    let rows = budgets::list(tx).await?;
                    let time_zone = workspace_settings(tx).await?.time_zone.unwrap_or_default();
                    Ok(Arc::new(Budgets { time_zone, rows }))
                })
            })
            .await
    }
}
