use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    environment::Environment,
    filter::OwnRecord,
    ids::{MemberId, WorkspaceId},
    metadata::Schema,
    time::Timestamp,
};
use kontor_crm::{Crm, MemberRecord};
use kontor_identity::{AgentKey, BoundAgent, MemberProfile, ProvisionError, Provisioner, is_same_role};
use kontor_store::Tx;

use crate::{definition::Agent, engine::Agents, rows::agents};

/// What a new workspace is made of beyond its members: the CRM's objects and the standard agents.
#[derive(Clone)]
pub struct WorkspaceSetup {
    environment: Environment,
}

impl WorkspaceSetup {
    pub fn new(environment: Environment) -> Self {
        Self { environment }
    }
}

impl Provisioner for WorkspaceSetup {
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
            let record = MemberRecord {
                id: member.id,
                name: &member.name,
                email: &member.email,
                time_zone: member.time_zone,
            };
            Crm::write_member(tx, &self.environment, workspace, record, now).await?;
            Ok(())
        })
    }

    fn schema<'t>(&'t self, tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<Arc<Schema>, ProvisionError>> {
        Box::pin(async move { Ok(Arc::new(Crm::schema_in(tx).await?)) })
    }

    fn own_record<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        member: MemberId,
    ) -> BoxFuture<'t, Result<OwnRecord, ProvisionError>> {
        Box::pin(async move { Ok(Crm::own_record(tx, member).await?) })
    }

    fn bound_agent<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        key: &'t AgentKey,
    ) -> BoxFuture<'t, Result<Option<BoundAgent>, ProvisionError>> {
        Box::pin(async move {
            let all = agents::list(tx).await?;
            let is_meant = |agent: &Agent| match key {
                AgentKey::Id(id) => agent.id == *id,
                AgentKey::Name(name) => agent.name == *name,
            };
            Ok(all.into_iter().find(is_meant).map(|agent| BoundAgent {
                id: agent.id,
                name: agent.name,
                label: agent.definition.label,
                role: agent.definition.role,
                operations: agent.definition.operations,
                is_active: agent.is_active,
            }))
        })
    }

    fn agents_of_role<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        role: &'t str,
    ) -> BoxFuture<'t, Result<Vec<String>, ProvisionError>> {
        Box::pin(async move {
            let all = agents::list(tx).await?;
            let of_role = all.into_iter().filter(|agent| is_same_role(&agent.definition.role, role));
            Ok(of_role.map(|agent| agent.name).collect())
        })
    }
}
