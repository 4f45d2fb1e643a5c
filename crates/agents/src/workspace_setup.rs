use futures::future::BoxFuture;
use kontor_core::{environment::Environment, ids::WorkspaceId, time::Timestamp};
use kontor_crm::{Crm, MemberRecord};
use kontor_identity::{MemberProfile, ProvisionError, Provisioner};
use kontor_store::Tx;

use crate::engine::Agents;

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
}
