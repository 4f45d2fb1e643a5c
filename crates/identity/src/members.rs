//! Members of a workspace, as those manage them who may.

use std::fmt;

use kontor_core::{
    actor::Actor,
    caller::Caller,
    environment::Environment,
    grants::Permission,
    ids::{MemberId, RoleId, UserId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::{AuditEntry, BoxFuture, Tx, stored_enum};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Error, Identity, MemberProfile, Provisioner, Result, email,
    hand_overs::HandOver,
    roles::{Role, named_to_give},
    rows::{
        members, memberships,
        users::{self, UserRow},
    },
};

/// Someone to be added to a workspace.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    pub name: String,
    pub email: String,
    /// The name of a role.
    #[serde(default = "usual_role")]
    pub role: String,
    /// For someone who is new here; whoever has an account keeps their name and password.
    pub password: String,
}

/// The role of who is added without one being named.
pub(crate) fn usual_role() -> String {
    "Member".to_owned()
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MemberSummary {
    pub id: MemberId,
    pub name: String,
    pub email: String,
    pub status: MemberStatus,
    /// The name of the role.
    pub role: String,
    pub created_at: Timestamp,
    /// To the hour; nothing for whoever has not been here yet.
    pub last_seen_at: Option<Timestamp>,
    /// Grows with each change of name, role and status.
    pub version: i64,
    /// The name of whoever made the last of them.
    pub changed_by: Option<String>,
    pub changed_at: Option<Timestamp>,
    /// Where their records go or went, the last time that they were handed over.
    pub hand_over: Option<HandOver>,
}

/// The names of the members of the workspace of a transaction who may act.
pub fn active_member_names<'t>(tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<Vec<(MemberId, String)>>> {
    Box::pin(async move {
        let all = members::all(tx).await?.into_iter();
        let active = all.filter(|member| member.status == MemberStatus::Active);
        Ok(active.map(|member| (member.id, member.name)).collect())
    })
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
    /// again. Who has an account already is asked first, by an invitation, unless it is the operator who adds them:
    /// with a second workspace they have to name one to sign in.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::Input`], [`Error::UnknownRole`],
    /// [`Error::RoleBeyondCaller`], [`Error::MemberExists`], [`Error::AccountExists`].
    pub async fn add_member(&self, caller: &Caller, new: NewMember) -> Result<MemberId> {
        caller.require(Permission::Members)?;
        let workspace = caller.workspace;
        let address = email::normalize(&new.email)?;
        let name = email::name("name", &new.name)?;
        let namespace = self.namespace(workspace).await?;
        namespace
            .read((new.role.clone(), caller.grants.clone()), |tx, (wanted, giver)| {
                Box::pin(async move { named_to_give(tx, wanted, giver).await.map(drop) })
            })
            .await?;
        let known = self.find_user(address.clone()).await?;
        if let Some(known) = known.filter(|_| !caller.is_system()) {
            let belongs = self.memberships(known.id).await?.iter().any(|m| m.workspace.id == workspace);
            return Err(if belongs { Error::MemberExists } else { Error::AccountExists });
        }
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
                        let role = named_to_give(tx, role, &caller.grants).await?;
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
