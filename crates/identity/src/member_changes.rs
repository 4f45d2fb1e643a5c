//! What admins change of members: name, role, whether they may act, and to whom their records go.

use std::collections::HashMap;

use kontor_core::{
    actor::Actor,
    caller::Caller,
    error::Issue,
    grants::Permission,
    ids::{MemberId, RoleId, WorkspaceId},
    locale::TimeZone,
    time::Timestamp,
};
use kontor_store::{AuditEntry, Tx, jobs::Announced};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Error, Identity, MemberProfile, MemberStatus, MemberSummary, Result, email, hand_overs,
    roles::{Role, check_admin_remains, named_to_give},
    rows::{
        members::{self, MemberRow, MemberUpdate},
        memberships, roles, settings,
        sign_ins::{self, Of},
    },
    workspace_settings::MemberSettings,
};

/// What is changed of a member; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    #[serde(default)]
    pub name: Option<String>,
    /// The name of a role.
    #[serde(default)]
    pub role: Option<String>,
    #[serde(default)]
    pub status: Option<MemberStatus>,
    /// Who gets the records of a member who may not act any more.
    #[serde(default)]
    pub hand_over_to: Option<MemberId>,
    /// The version that the change was decided on: where the member was changed meanwhile, it is refused.
    #[serde(default)]
    pub version: Option<i64>,
}

impl Identity {
    /// The members of the caller's workspace with their addresses, by name.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`.
    pub async fn members(&self, caller: &Caller) -> Result<Vec<MemberSummary>> {
        caller.require(Permission::Members)?;
        let namespace = self.namespace(caller.workspace).await?;
        let read: Result<Vec<MemberSummary>> = namespace
            .read(caller.clone(), |tx, caller| {
                Box::pin(async move {
                    let mut all = members::all(tx).await?;
                    let mut latest = hand_overs::latest(tx, caller).await?;
                    for member in &mut all {
                        member.hand_over = latest.remove(&member.id);
                    }
                    Ok(all)
                })
            })
            .await;
        let mut all = read?;
        let seen: HashMap<_, _> = self.last_seen(caller.workspace).await?.into_iter().collect();
        for member in &mut all {
            member.last_seen_at = seen.get(&member.id).copied();
        }
        Ok(all)
    }

    /// One of them.
    ///
    /// # Errors
    /// As [`Identity::members`]; [`Error::MemberNotFound`].
    pub async fn member(&self, caller: &Caller, member: MemberId) -> Result<MemberSummary> {
        let all = self.members(caller).await?;
        all.into_iter().find(|found| found.id == member).ok_or(Error::MemberNotFound)
    }

    async fn last_seen(&self, workspace: WorkspaceId) -> Result<Vec<(MemberId, Timestamp)>> {
        self.directory()
            .read(workspace, |tx, &workspace| Box::pin(memberships::last_seen(tx, workspace)))
            .await
    }

    /// The names of the roles that the caller may give to others, as they come.
    ///
    /// # Errors
    /// As [`Identity::members`].
    pub async fn roles_to_give(&self, caller: &Caller) -> Result<Vec<String>> {
        caller.require(Permission::Members)?;
        let namespace = self.namespace(caller.workspace).await?;
        let all = namespace.read((), |tx, ()| Box::pin(roles::all(tx))).await?;
        let within = all.into_iter().filter(|(_, role)| role.grants.is_within(&caller.grants));
        Ok(within.map(|(_, role)| role.name).collect())
    }

    /// Changes a member of the caller's workspace. Whoever may not act any more is signed out everywhere. Records are
    /// handed over later, by a job, for which the workspace has to have been announced.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::MemberNotFound`], [`Error::StaleMember`],
    /// [`Error::RoleBeyondCaller`], [`Error::MemberBeyondCaller`], [`Error::LastAdmin`], [`Error::Input`].
    pub async fn change_member(
        &self,
        caller: &Caller,
        member: MemberId,
        patch: MemberPatch,
        announced: Option<Announced>,
    ) -> Result<MemberSummary> {
        caller.require(Permission::Members)?;
        let workspace = caller.workspace;
        let namespace = self.namespace(workspace).await?;
        let is_turned_out = patch.status == Some(MemberStatus::Inactive);
        let change = Change { member, patch, announced, now: self.now() };
        let changed: Result<()> = namespace
            .write((self.clone(), caller.clone(), change), |tx, (identity, caller, change)| {
                Box::pin(change.apply(tx, identity, caller))
            })
            .await;
        self.0.members.remove(&(workspace, member));
        changed?;
        if is_turned_out {
            self.directory()
                .write(Of::Member(workspace, member), |tx, &of| Box::pin(sign_ins::end_all(tx, of, None)))
                .await?;
            self.forget_sign_ins();
        }
        self.member(caller, member).await
    }
}

/// A change that is made.
struct Change {
    member: MemberId,
    patch: MemberPatch,
    announced: Option<Announced>,
    now: Timestamp,
}

impl Change {
    async fn apply(&self, tx: &mut Tx<'_>, identity: &Identity, caller: &Caller) -> Result<()> {
        let before = members::find(tx, self.member).await?.ok_or(Error::MemberNotFound)?;
        let summary = &before.summary;
        Error::unless_known(self.patch.version, summary.version)?;
        if self.patch.version.is_some_and(|version| version != summary.version) {
            return Err(Error::StaleMember { by: summary.changed_by.clone(), at: summary.changed_at });
        }
        let name = match &self.patch.name {
            Some(name) => email::name("name", name)?,
            None => summary.name.clone(),
        };
        let status = self.patch.status.unwrap_or(summary.status);
        let role = self.role(tx, caller, &before).await?;
        let is_turned_out = status != summary.status && status == MemberStatus::Inactive;
        if status != summary.status && status == MemberStatus::Active {
            // To let somebody act again is to give them their role anew.
            within_caller(caller, &before)?;
        }
        if is_turned_out || name != summary.name {
            may_turn_out(caller, &before)?;
        }
        if name != summary.name || status != summary.status || role.is_some() {
            let actor = caller.actor();
            let update = MemberUpdate {
                name: &name,
                role: role.as_ref().map(|(id, _)| *id),
                status,
                version: summary.version + 1,
                by: actor.principal.name(),
            };
            members::update(tx, self.member, &update, self.now).await?;
            let was_active = summary.status == MemberStatus::Active;
            if was_active && (role.is_some() || status != summary.status) {
                check_admin_remains(tx).await?;
            }
        }
        if name != summary.name {
            let own: MemberSettings = settings::get(tx, settings::scope(Some(self.member)), false).await?;
            let (workspace, zone) = (caller.workspace, own.time_zone);
            write_profile(tx, identity, workspace, summary, &name, zone, self.now).await?;
            let details = json!({ "before": summary.name, "after": name });
            self.note(tx, identity, caller, "member.renamed", details).await?;
        }
        if let Some((_, role)) = &role {
            let details = json!({ "before": summary.role, "after": role.name });
            self.note(tx, identity, caller, "member.role_set", details).await?;
        }
        if status != summary.status {
            self.note(tx, identity, caller, "member.status_set", json!({ "status": status })).await?;
        }
        if let Some(to) = self.patch.hand_over_to {
            let announced = self.announced.ok_or(Error::NotAnnounced)?;
            self.check_hand_over(tx, status, to).await?;
            let (environment, now) = (identity.environment(), self.now);
            hand_overs::begin(tx, environment, announced, (self.member, to), caller.member(), now).await?;
            self.note(tx, identity, caller, "member.hand_over_begun", json!({ "to": to })).await?;
        }
        Ok(())
    }

    /// The role that the member gets, where that is another one.
    async fn role(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        before: &MemberRow,
    ) -> Result<Option<(RoleId, Role)>> {
        let Some(wanted) = &self.patch.role else { return Ok(None) };
        let role = named_to_give(tx, wanted, &caller.grants).await?;
        if role.1.name == before.summary.role {
            return Ok(None);
        }
        within_caller(caller, before)?;
        Ok(Some(role))
    }

    /// Records go from who may not act to who may.
    async fn check_hand_over(&self, tx: &mut Tx<'_>, status: MemberStatus, to: MemberId) -> Result<()> {
        let wrong =
            |message: &str| Err(Error::Input(vec![Issue::new("hand_over_to", "invalid_hand_over", message)]));
        if status == MemberStatus::Active {
            return wrong("Records are handed over of members who may not act any more: set the status too.");
        }
        match members::find(tx, to).await? {
            Some(found) if found.summary.status == MemberStatus::Active && to != self.member => Ok(()),
            _ => wrong("An active member of this workspace is expected here."),
        }
    }

    async fn note(
        &self,
        tx: &mut Tx<'_>,
        identity: &Identity,
        caller: &Caller,
        action: &str,
        details: serde_json::Value,
    ) -> Result<()> {
        note(tx, identity, &caller.actor(), self.member, action, details, self.now).await
    }
}

/// What others keep of a member, as it is from now on.
pub(crate) async fn write_profile(
    tx: &mut Tx<'_>,
    identity: &Identity,
    workspace: WorkspaceId,
    member: &MemberSummary,
    name: &str,
    time_zone: Option<TimeZone>,
    now: Timestamp,
) -> Result<()> {
    let (name, email) = (name.to_owned(), member.email.clone());
    let profile = MemberProfile { id: member.id, name, email, time_zone };
    Ok(identity.0.provisioner.write_member(tx, workspace, &profile, now).await?)
}

/// Writes down what somebody did to a member.
pub(crate) async fn note(
    tx: &mut Tx<'_>,
    identity: &Identity,
    actor: &Actor,
    member: MemberId,
    action: &str,
    details: serde_json::Value,
    now: Timestamp,
) -> Result<()> {
    let entry = AuditEntry::new(action, format!("member:{member}"), details);
    Ok(tx.audit(identity.environment(), now, actor, entry).await?)
}

/// That a member may do nothing that the caller may not: who is to be given another role, or another password.
pub(crate) fn within_caller(caller: &Caller, member: &MemberRow) -> Result<()> {
    if member.grants.is_within(&caller.grants) { Ok(()) } else { Err(Error::MemberBeyondCaller) }
}

/// That a member has no permission on the workspace that the caller lacks: whoever looks after members may turn out a
/// member with more rights on records, but no greater admin.
pub(crate) fn may_turn_out(caller: &Caller, member: &MemberRow) -> Result<()> {
    let is_greater = member.grants.permissions().iter().any(|permission| !caller.grants.permits(permission));
    if is_greater { Err(Error::MemberBeyondCaller) } else { Ok(()) }
}
