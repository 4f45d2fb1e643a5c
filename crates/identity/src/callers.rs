//! Members as callers, remembered for a moment.

use std::sync::Arc;

use kontor_core::{
    actor::Principal,
    caller::Caller,
    grants::Grants,
    ids::{MemberId, UserId, WorkspaceId},
};
use kontor_store::Namespace;

use crate::{
    Error, Identity, MemberStatus, MemberSummary, Result,
    roles::named,
    rows::{members, roles, workspaces},
    workspace_settings::{self, MemberLocale},
};

/// A member who may act, and the caller they are.
pub(crate) struct ActiveMember {
    pub(crate) user: UserId,
    pub(crate) caller: Caller,
    pub(crate) summary: MemberSummary,
    /// Whether the caller's time zone was set, by them or for the workspace.
    pub(crate) is_zone_set: bool,
}

impl Identity {
    /// The caller a member is, for those who act for them: an agent's turn, a workflow. Role and membership
    /// are as they were a few seconds ago at most.
    pub async fn caller_of_member(&self, workspace: WorkspaceId, member: MemberId) -> Result<Caller> {
        Ok(self.active_member(workspace, member).await?.caller.clone())
    }

    /// What a role grants, to be intersected with a caller's own grants. Its name is compared without case.
    pub async fn role_grants(&self, workspace: WorkspaceId, role: &str) -> Result<Arc<Grants>> {
        let key = (workspace, role.to_lowercase());
        let load = async |_| {
            let namespace = self.namespace(workspace).await?;
            let found = namespace.read(role.to_owned(), |tx, role| Box::pin(named(tx, role)));
            found.await.map(|(_, role)| Arc::new(role.grants))
        };
        self.0.roles.get_or_load(&key, load).await
    }

    /// A role's name as the workspace writes it, whatever the case that it is asked for in.
    ///
    /// # Errors
    /// [`Error::UnknownRole`].
    pub async fn role_name(&self, workspace: WorkspaceId, role: &str) -> Result<String> {
        let namespace = self.namespace(workspace).await?;
        let found = namespace.read(role.to_owned(), |tx, role| Box::pin(named(tx, role)));
        found.await.map(|(_, role)| role.name)
    }

    /// The names of the roles that the caller's workspace has, by name.
    pub async fn role_names(&self, caller: &Caller) -> Result<Vec<String>> {
        let namespace = self.namespace(caller.workspace).await?;
        let all = namespace.read((), |tx, ()| Box::pin(roles::all(tx))).await?;
        Ok(all.into_iter().map(|(_, role)| role.name).collect())
    }

    /// The caller of a credential: a member who is gone or not active invalidates it.
    pub(crate) async fn signed_in_caller(
        &self,
        workspace: WorkspaceId,
        member: MemberId,
        user: UserId,
    ) -> Result<Caller> {
        match self.active_member(workspace, member).await {
            Ok(active) if active.user == user => Ok(active.caller.clone()),
            Ok(_) | Err(Error::MemberInactive | Error::MemberNotFound | Error::WorkspaceNotFound) => {
                Err(Error::InvalidToken)
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn active_member(
        &self,
        workspace: WorkspaceId,
        member: MemberId,
    ) -> Result<Arc<ActiveMember>> {
        let load = |_| self.read_active_member(workspace, member);
        self.0.members.get_or_load(&(workspace, member), load).await
    }

    async fn read_active_member(
        &self,
        workspace: WorkspaceId,
        member: MemberId,
    ) -> Result<Arc<ActiveMember>> {
        let namespace = self.namespace(workspace).await?;
        let found = namespace.read((member, self.0.provisioner.clone()), |tx, (member, provisioner)| {
            Box::pin(async move {
                let row = members::find(tx, *member).await?.ok_or(Error::MemberNotFound)?;
                let locale = workspace_settings::of_member(tx, *member).await?;
                Ok::<_, Error>((row, locale, provisioner.own_record(tx, *member).await?))
            })
        });
        let (row, MemberLocale { locale, is_zone_set }, own) = found.await?;
        if row.summary.status != MemberStatus::Active {
            return Err(Error::MemberInactive);
        }
        let principal = Principal::Member { id: member, name: row.summary.name.clone() };
        let caller =
            Caller { locale, own: Arc::new(own), ..Caller::new(workspace, principal, Arc::new(row.grants)) };
        Ok(Arc::new(ActiveMember { user: row.user, caller, summary: row.summary, is_zone_set }))
    }

    /// A workspace's namespace. Where there is none although the directory knows the workspace, its data is
    /// missing, which is told as that and not as if nobody belonged to it.
    pub(crate) async fn namespace(&self, workspace: WorkspaceId) -> Result<Namespace> {
        match self.0.store.workspace(workspace).await {
            Err(kontor_store::Error::Missing { .. }) if !self.is_registered(workspace).await? => {
                Err(Error::WorkspaceNotFound)
            }
            other => Ok(other?),
        }
    }

    async fn is_registered(&self, id: WorkspaceId) -> Result<bool> {
        self.directory().read(id, |tx, &id| Box::pin(workspaces::is_registered(tx, id))).await
    }
}
