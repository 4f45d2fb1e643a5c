//! Workspaces: making them so that a crash at any moment leaves nothing half made, and finding them.
//!
//! The directory gets the workspace as `creating`, with its first member; then the namespace is made and
//! filled in one transaction; then the directory says `active`. What a crash leaves as `creating` is completed
//! at the next start from what the directory knows.

use std::{collections::HashSet, fmt, time::Duration};

use kontor_core::{
    actor::Actor,
    caller::Operator,
    error::{Chain, Issue},
    ids::{MemberId, RoleId, UserId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::{BoxFuture, Registered, Tx};
use serde::Serialize;

use crate::{
    Error, Identity, MemberProfile, Provisioner, Result, email,
    members::{find_or_insert_user, note_added, write_member},
    password,
    roles::{self, ADMIN, Role, named},
    rows::{
        self, memberships,
        setup_tokens::{self, SetupTokenRow},
        users, workspaces,
    },
};

/// After an hour nobody waits for a workspace any more.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// A workspace to be made, with its first member, an Admin.
#[derive(Clone)]
pub struct NewWorkspace {
    pub name: String,
    pub admin_name: String,
    pub email: String,
    /// For someone who is new here; whoever has an account keeps their name and password.
    pub password: String,
}

impl fmt::Debug for NewWorkspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWorkspace")
            .field("name", &self.name)
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct WorkspaceSummary {
    pub id: WorkspaceId,
    pub name: String,
}

/// Reads from the directory which workspaces there should be, for [`Store::inspect`](kontor_store::Store::inspect).
pub fn registered_workspaces<'t>(
    tx: &'t mut Tx<'_>,
) -> BoxFuture<'t, Result<Vec<Registered>, kontor_store::Error>> {
    Box::pin(workspaces::registered(tx))
}

impl Identity {
    /// The workspaces whose data is missing, each with where it should be; no workspace is opened.
    pub async fn missing_workspaces(&self, _: Operator) -> Result<Vec<(WorkspaceId, String)>> {
        let registered = self.directory().read((), |tx, ()| Box::pin(workspaces::registered(tx))).await?;
        let there: HashSet<WorkspaceId> = self.0.store.workspace_ids().await?.into_iter().collect();
        let missing =
            registered.into_iter().filter(|workspace| workspace.is_made && !there.contains(&workspace.id));
        Ok(missing.map(|workspace| (workspace.id, self.0.store.place_of(workspace.id))).collect())
    }

    /// Makes a workspace and its first admin.
    pub async fn create_workspace(&self, _: Operator, new: NewWorkspace) -> Result<(WorkspaceId, MemberId)> {
        self.make_workspace(new, None).await
    }

    /// Every workspace, by name.
    pub async fn workspaces(&self, _: Operator) -> Result<Vec<WorkspaceSummary>> {
        self.directory().read((), |tx, ()| Box::pin(workspaces::active(tx))).await
    }

    /// Makes a workspace; a setup token pays for the first one and is given back when that fails.
    pub(crate) async fn make_workspace(
        &self,
        new: NewWorkspace,
        token: Option<SetupTokenRow>,
    ) -> Result<(WorkspaceId, MemberId)> {
        let mut wrong = Vec::new();
        let name = collect(&mut wrong, email::name("name", &new.name))?;
        let admin_name = collect(&mut wrong, email::name("admin_name", &new.admin_name))?;
        let address = collect(&mut wrong, email::normalize(&new.email))?;
        // Who makes the first workspace is new here.
        if token.is_some() {
            collect(&mut wrong, password::check(&new.password))?;
        }
        if !wrong.is_empty() {
            return Err(Error::Input(wrong));
        }
        let user = self.find_or_prepare_user(address, admin_name, &new.password).await?;
        let workspace = WorkspaceSummary { id: self.environment().new_id(), name };
        let id = workspace.id;
        let (member, now, paid) = (self.environment().new_id(), self.now(), token.clone());
        let begun: Result<Option<UserId>> = self
            .directory()
            .write((workspace, user, paid), move |tx, (workspace, user, paid)| {
                Box::pin(async move {
                    if let Some(token) = paid {
                        spend(tx, token, now).await?;
                    }
                    let (user, is_new) = find_or_insert_user(tx, user, now).await?;
                    workspaces::insert(tx, workspace, now).await?;
                    memberships::insert(tx, workspace.id, user.id, member, now).await?;
                    Ok(is_new.then_some(user.id))
                })
            })
            .await;
        let new_user = begun.map_err(name_taken)?;
        if let Err(error) = self.complete_workspace(id).await {
            self.abandon_workspace(id, new_user, token).await?;
            return Err(error);
        }
        Ok((id, member))
    }

    /// Completes the workspaces that a crash left half made. One that fails does not keep the others.
    pub(crate) async fn complete_workspaces(&self) -> Result<()> {
        for workspace in self.directory().read((), |tx, ()| Box::pin(workspaces::creating(tx))).await? {
            match self.complete_workspace(workspace.id).await {
                Ok(()) => tracing::info!(workspace = %workspace.id, "completed a workspace's creation"),
                Err(error) => {
                    tracing::error!(workspace = %workspace.id, error = %Chain(&error),
                        "a workspace's creation could not be completed");
                }
            }
        }
        Ok(())
    }

    /// Removes the workspaces whose creation began long ago and came to no end, so that neither their names nor
    /// the first setup are kept from others; to be called from time to time.
    pub async fn remove_abandoned(&self, _: Operator) -> Result<()> {
        let before = self.now().minus(ABANDONED_AFTER);
        let abandoned: Result<Vec<WorkspaceSummary>> = self
            .directory()
            .read(before, |tx, &before| Box::pin(workspaces::creating_since(tx, before)))
            .await;
        for workspace in abandoned? {
            let id = workspace.id;
            tracing::warn!(workspace = %id, "a workspace whose creation came to no end is removed");
            // The directory last, so that what a crash interrupts is found again.
            self.0.store.remove_workspace(id).await?;
            let removed: Result<()> = self
                .directory()
                .write(id, |tx, &id| {
                    Box::pin(async move {
                        let founder = memberships::founder(tx, id).await?;
                        workspaces::delete(tx, id).await?;
                        if let Some((user, _)) = founder
                            && !memberships::has_any(tx, user).await?
                        {
                            users::delete(tx, user).await?;
                        }
                        Ok(())
                    })
                })
                .await;
            removed?;
        }
        Ok(())
    }

    async fn complete_workspace(&self, id: WorkspaceId) -> Result<()> {
        let (user, profile) = self
            .directory()
            .read(id, |tx, &id| Box::pin(founder(tx, id)))
            .await?
            .ok_or(Error::MemberNotFound)?;
        let namespace = self.0.store.create_workspace(id).await?;
        let (provisioner, now) = (self.0.provisioner.clone(), self.now());
        let standard: Vec<(RoleId, Role)> =
            roles::standard().into_iter().map(|role| (self.environment().new_id(), role)).collect();
        let environment = self.environment().clone();
        let filled: Result<()> = namespace
            .alter(
                (provisioner, profile, standard, environment),
                move |tx, (provisioner, profile, standard, environment)| {
                    Box::pin(async move {
                        if rows::roles::all(tx).await?.is_empty() {
                            fill(tx, &**provisioner, id, user, profile, standard, now).await?;
                            note_added(tx, environment, &Actor::SYSTEM, profile, ADMIN, now).await?;
                        }
                        Ok(())
                    })
                },
            )
            .await;
        filled?;
        self.directory().write(id, |tx, &id| Box::pin(workspaces::activate(tx, id))).await
    }

    /// Undoes what the directory knows of a workspace that could not be made, its new user included, so that
    /// it can be tried again.
    async fn abandon_workspace(
        &self,
        id: WorkspaceId,
        new_user: Option<UserId>,
        token: Option<SetupTokenRow>,
    ) -> Result<()> {
        self.directory()
            .write(token, move |tx, token| {
                Box::pin(async move {
                    workspaces::delete(tx, id).await?;
                    if let Some(user) = new_user {
                        users::delete(tx, user).await?;
                    }
                    match token {
                        Some(token) => setup_tokens::replace(tx, token).await,
                        None => Ok(()),
                    }
                })
            })
            .await
    }
}

async fn spend(tx: &mut Tx<'_>, token: &SetupTokenRow, now: Timestamp) -> Result<()> {
    let exists = !workspaces::active(tx).await?.is_empty() || !workspaces::creating(tx).await?.is_empty();
    if exists {
        return Err(Error::AlreadySetUp);
    }
    if setup_tokens::take(tx, &token.hash, now).await? { Ok(()) } else { Err(Error::InvalidSetupToken) }
}

/// The first member of a workspace, as the directory knows them.
async fn founder(tx: &mut Tx<'_>, workspace: WorkspaceId) -> Result<Option<(UserId, MemberProfile)>> {
    let Some((user, member)) = memberships::founder(tx, workspace).await? else {
        return Ok(None);
    };
    let user = users::by_id(tx, user).await?;
    Ok(user.map(|user| {
        (user.id, MemberProfile { id: member, name: user.name, email: user.email, time_zone: None })
    }))
}

/// Fills a new namespace: roles, everything the rest of the system installs, and the first admin.
async fn fill(
    tx: &mut Tx<'_>,
    provisioner: &dyn Provisioner,
    workspace: WorkspaceId,
    user: UserId,
    admin: &MemberProfile,
    standard: &[(RoleId, Role)],
    now: Timestamp,
) -> Result<()> {
    for (id, role) in standard {
        rows::roles::insert(tx, *id, role).await?;
    }
    provisioner.install(tx, workspace, now).await?;
    let role = named(tx, ADMIN).await?;
    write_member(tx, provisioner, workspace, admin, user, &role, now).await
}

fn name_taken(error: Error) -> Error {
    match error {
        Error::Store(kontor_store::Error::UniqueViolation { columns, .. })
            if columns.iter().any(|column| column == "name_folded") =>
        {
            Error::WorkspaceNameTaken
        }
        other => other,
    }
}

/// Takes the issues of wrong input aside, so that all of it is told at once.
fn collect<T: Default>(wrong: &mut Vec<Issue>, read: Result<T>) -> Result<T> {
    match read {
        Err(Error::Input(issues)) => {
            wrong.extend(issues);
            Ok(T::default())
        }
        other => other,
    }
}
