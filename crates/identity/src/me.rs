//! What a caller sees of itself.

use kontor_core::{
    caller::Caller,
    grants::Permission,
    ids::{MemberId, UserId},
    locale::{DateLanguage, TimeZone},
};
use serde::Serialize;

use crate::{
    Error, Identity, Result, WorkspaceSummary,
    rows::users::{self, UserRow},
};

/// Who is signed in, where, and what they may do to the workspace. What they may do to records, the
/// description of the objects says, which names no object or field that they may not know of.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Me {
    pub user: MeUser,
    pub workspace: WorkspaceSummary,
    pub member: MeMember,
    pub permissions: Vec<Permission>,
    /// Where their days begin; UTC where neither they nor the workspace have set it.
    pub time_zone: TimeZone,
    /// Whether it was set.
    pub is_time_zone_set: bool,
    /// How dates are written for them.
    pub date_language: DateLanguage,
    /// That of amounts which name none.
    pub currency: &'static str,
    /// Every workspace the user can sign in to, this one included.
    pub workspaces: Vec<WorkspaceSummary>,
}

#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct MeUser {
    pub id: UserId,
    pub email: String,
    pub name: String,
}

#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct MeMember {
    pub id: MemberId,
    pub name: String,
    /// The name of the role.
    pub role: String,
}

impl Identity {
    /// The caller's own account, membership and permissions.
    pub async fn me(&self, caller: &Caller) -> Result<Me> {
        let member = caller.member().ok_or(Error::MemberNotFound)?;
        let active = self.active_member(caller.workspace, member).await?;
        let (user, workspaces) = (self.user(active.user).await?, self.memberships(active.user).await?);
        let workspaces: Vec<_> = workspaces.into_iter().map(|m| m.workspace).collect();
        let workspace = workspaces.iter().find(|w| w.id == caller.workspace).cloned();
        Ok(Me {
            user: MeUser { id: user.id, email: user.email, name: user.name },
            workspace: workspace.ok_or(Error::WorkspaceNotFound)?,
            member: MeMember {
                id: member,
                name: active.summary.name.clone(),
                role: active.summary.role.clone(),
            },
            permissions: caller.grants.permissions().iter().collect(),
            time_zone: caller.locale.time_zone,
            is_time_zone_set: active.is_zone_set,
            date_language: caller.locale.dates,
            currency: caller.locale.currency.code(),
            workspaces,
        })
    }

    async fn user(&self, id: UserId) -> Result<UserRow> {
        self.directory().read(id, |tx, &id| Box::pin(users::by_id(tx, id))).await?.ok_or(Error::UserNotFound)
    }
}
