//! Members of a workspace, as those manage them who may.

use std::fmt;

use kontor_core::{
    actor::Actor,
    caller::{Caller, Operator},
    environment::Environment,
    grants::{Grants, Permission},
    ids::{MemberId, RoleId, UserId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::{AuditEntry, BoxFuture, Tx, stored_enum};
use serde::Serialize;
use serde_json::json;

use crate::{
    Error, Identity, MemberProfile, Provisioner, Result, email,
    password::{Lane, Verdict},
    roles::{Role, check_admin_remains},
    rows::{
        members, memberships, roles, sign_ins,
        users::{self, UserRow},
    },
    throttle,
};

/// Someone to be added to a workspace.
#[derive(Clone)]
pub struct NewMember {
    pub name: String,
    pub email: String,
    /// The name of a role.
    pub role: String,
    /// For someone who is new here; whoever has an account keeps their name and password.
    pub password: String,
}

impl fmt::Debug for NewMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMember")
            .field("name", &self.name)
            .field("email", &self.email)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

stored_enum! {
    /// Whether a member may act.
    pub enum MemberStatus: "status of a member" {
        Active = "active",
        Inactive = "inactive",
    }
}

/// A member as they are listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberSummary {
    pub id: MemberId,
    pub name: String,
    pub email: String,
    pub status: MemberStatus,
    /// The name of the role.
    pub role: String,
}

/// The names of all members of the workspace of a transaction, whatever their status.
pub fn member_names<'t>(tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<Vec<(MemberId, String)>>> {
    Box::pin(async move {
        let all = members::all(tx).await?;
        Ok(all.into_iter().map(|member| (member.id, member.name)).collect())
    })
}

impl Identity {
    /// Adds someone to the caller's workspace, with a role that allows no more than the caller may do.
    ///
    /// The directory is written first; what a crash leaves there is completed when the same member is added
    /// again.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::Input`], [`Error::RoleNotFound`],
    /// [`Error::RoleBeyondCaller`], [`Error::MemberExists`].
    pub async fn add_member(&self, caller: &Caller, new: NewMember) -> Result<MemberId> {
        caller.require(Permission::Members)?;
        let workspace = caller.workspace;
        let address = email::normalize(&new.email)?;
        let name = email::name("name", &new.name)?;
        let namespace = self.namespace(workspace).await?;
        namespace
            .read((new.role.clone(), caller.grants.clone()), |tx, (wanted, giver)| {
                Box::pin(async move { role_to_give(tx, wanted, giver).await.map(drop) })
            })
            .await?;
        let user = self.find_or_prepare_user(address, name, &new.password).await?;
        let (user, member) = self.write_membership(workspace, user).await?;
        let profile = MemberProfile { id: member, name: user.name, email: user.email, time_zone: None };
        let (provisioner, now) = (self.0.provisioner.clone(), self.now());
        let user = user.id;
        let written: Result<()> = namespace
            .write(
                (self.environment().clone(), provisioner, profile, new.role, caller.clone()),
                move |tx, (environment, provisioner, profile, role, caller)| {
                    Box::pin(async move {
                        if members::find(tx, profile.id).await?.is_some() {
                            return Err(Error::MemberExists);
                        }
                        let role = role_to_give(tx, role, &caller.grants).await?;
                        write_member(tx, &**provisioner, workspace, profile, user, &role, now).await?;
                        note_added(tx, environment, &caller.actor(), profile, &role.1.name, now).await
                    })
                },
            )
            .await;
        written?;
        self.0.members.remove(&(workspace, member));
        Ok(member)
    }

    /// The members of the caller's workspace with their addresses, by name.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`.
    pub async fn members(&self, caller: &Caller) -> Result<Vec<MemberSummary>> {
        caller.require(Permission::Members)?;
        self.namespace(caller.workspace).await?.read((), |tx, ()| Box::pin(members::all(tx))).await
    }

    /// Lets a member of the caller's workspace act or not; whoever may not is signed out everywhere.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::MemberNotFound`].
    pub async fn set_member_status(
        &self,
        caller: &Caller,
        member: MemberId,
        status: MemberStatus,
    ) -> Result<()> {
        caller.require(Permission::Members)?;
        let workspace = caller.workspace;
        let namespace = self.namespace(workspace).await?;
        let (environment, actor, now) = (self.environment().clone(), caller.actor(), self.now());
        let found: Result<bool> = namespace
            .write((environment, actor), move |tx, (environment, actor)| {
                Box::pin(async move {
                    let found = members::set_status(tx, member, status).await?;
                    if found {
                        if status == MemberStatus::Inactive {
                            check_admin_remains(tx).await?;
                        }
                        let details = json!({ "status": status });
                        let entry = AuditEntry::new("member.status_set", format!("member:{member}"), details);
                        tx.audit(environment, now, actor, entry).await?;
                    }
                    Ok(found)
                })
            })
            .await;
        self.0.members.remove(&(workspace, member));
        if !found? {
            return Err(Error::MemberNotFound);
        }
        if status == MemberStatus::Inactive {
            self.directory()
                .write(workspace, move |tx, &workspace| {
                    Box::pin(sign_ins::end_all_of_member(tx, workspace, member))
                })
                .await?;
            self.0.live.clear();
            self.0.browsers.clear();
        }
        Ok(())
    }

    /// Changes a password and ends every sign-in of its user; one that is the same already is left alone. For
    /// the operator alone, since a user may belong to several workspaces.
    pub async fn set_password(&self, _: Operator, email: &str, password: &str) -> Result<()> {
        let address = email::normalize(email)?;
        let user = self.find_user(address.clone()).await?.ok_or(Error::UserNotFound)?;
        let kept = Some(user.password_hash);
        if !matches!(self.0.passwords.verify(password, kept, Lane::Known).await?, Verdict::Wrong) {
            return Ok(());
        }
        let (id, hash, now) = (user.id, self.0.passwords.hash(password).await?, self.now());
        let changed: Result<()> = self
            .directory()
            .write((address, hash), move |tx, (address, hash)| {
                Box::pin(async move {
                    users::set_password(tx, id, hash, now).await?;
                    sign_ins::end_all_of(tx, id).await?;
                    throttle::forget(tx, address).await
                })
            })
            .await;
        self.0.live.clear();
        self.0.browsers.clear();
        changed
    }

    /// Whoever has this address, or a new user with this password.
    pub(crate) async fn find_or_prepare_user(
        &self,
        address: String,
        name: String,
        password: &str,
    ) -> Result<UserRow> {
        let known: Option<UserRow> = self
            .directory()
            .read(address.clone(), |tx, address| Box::pin(users::by_email(tx, address)))
            .await?;
        match known {
            Some(user) => Ok(user),
            None => Ok(UserRow {
                id: self.environment().new_id(),
                email: address,
                name,
                password_hash: self.0.passwords.hash(password).await?,
            }),
        }
    }

    /// The user and the membership, each as it is or made.
    async fn write_membership(&self, workspace: WorkspaceId, user: UserRow) -> Result<(UserRow, MemberId)> {
        let (now, new_member) = (self.now(), self.environment().new_id());
        self.directory()
            .write(user, move |tx, user| {
                Box::pin(async move {
                    let (user, _) = find_or_insert_user(tx, user, now).await?;
                    if let Some(member) = memberships::find(tx, workspace, user.id).await? {
                        return Ok((user, member));
                    }
                    memberships::insert(tx, workspace, user.id, new_member, now).await?;
                    Ok((user, new_member))
                })
            })
            .await
    }
}

/// The user with this address as they are, or as given; and whether they are new.
pub(crate) async fn find_or_insert_user(
    tx: &mut Tx<'_>,
    user: &UserRow,
    now: Timestamp,
) -> Result<(UserRow, bool)> {
    match users::by_email(tx, &user.email).await? {
        Some(known) => Ok((known, false)),
        None => {
            users::insert(tx, user, now).await?;
            Ok((user.clone(), true))
        }
    }
}

/// Writes a member and what others keep of them.
pub(crate) async fn write_member(
    tx: &mut Tx<'_>,
    provisioner: &dyn Provisioner,
    workspace: WorkspaceId,
    profile: &MemberProfile,
    user: UserId,
    role: &(RoleId, Role),
    now: Timestamp,
) -> Result<()> {
    members::insert(tx, profile, user, role.0, now).await?;
    provisioner.write_member(tx, workspace, profile, now).await?;
    Ok(())
}

/// Writes down that a member came to the workspace.
pub(crate) async fn note_added(
    tx: &mut Tx<'_>,
    environment: &Environment,
    actor: &Actor,
    profile: &MemberProfile,
    role: &str,
    now: Timestamp,
) -> Result<()> {
    let details = json!({ "name": profile.name, "email": profile.email, "role": role });
    let entry = AuditEntry::new("member.added", format!("member:{}", profile.id), details);
    Ok(tx.audit(environment, now, actor, entry).await?)
}

/// The role of this name.
pub(crate) async fn role(tx: &mut Tx<'_>, name: &str) -> Result<(RoleId, Role)> {
    let mut roles = roles::all(tx).await?;
    match roles.iter().position(|(_, role)| role.is_named(name)) {
        Some(found) => Ok(roles.swap_remove(found)),
        None => Err(Error::RoleNotFound {
            name: name.to_owned(),
            roles: roles.into_iter().map(|(_, role)| role.name).collect(),
        }),
    }
}

/// The role of this name, which whoever has these grants may give to others: it allows nothing beyond them.
async fn role_to_give(tx: &mut Tx<'_>, name: &str, giver: &Grants) -> Result<(RoleId, Role)> {
    let role = role(tx, name).await?;
    if role.1.grants.is_within(giver) { Ok(role) } else { Err(Error::RoleBeyondCaller { name: role.1.name }) }
}
