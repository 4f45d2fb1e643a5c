//! What a caller sees of itself.

use kontor_core::{
    actor::Principal,
    caller::Caller,
    grants::Permission,
    ids::{MemberId, UserId},
    locale::{DateLanguage, TimeZone},
    time::Timestamp,
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    ApiKey, Error, Identity, Result, WorkspaceSummary,
    api_keys::find,
    rows::{
        users::{self, UserRow},
        workspaces,
    },
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

/// An API key as it sees itself: what acts by it, where, and what holds for it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct MeKey {
    pub api_key: MeApiKey,
    pub workspace: WorkspaceSummary,
    pub permissions: Vec<Permission>,
    /// Where its days begin: in the workspace's time zone.
    pub time_zone: TimeZone,
    /// How dates are written for it.
    pub date_language: DateLanguage,
    /// That of amounts which name none.
    pub currency: &'static str,
}

#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct MeApiKey {
    pub id: Uuid,
    pub name: String,
    /// The name of the role.
    pub role: String,
    /// When it ends; null for never.
    pub expires_at: Option<Timestamp>,
}

impl Identity {
    /// The API key that the caller acts by, as it sees itself.
    ///
    /// # Errors
    /// [`Error::KeyNotFound`] where the caller acts by none.
    pub async fn me_by_key(&self, caller: &Caller) -> Result<MeKey> {
        let Principal::ApiKey { id, .. } = caller.principal else { return Err(Error::KeyNotFound) };
        let namespace = self.namespace(caller.workspace).await?;
        let now = self.now();
        let key: Result<ApiKey> =
            namespace.read(id, move |tx, &id| Box::pin(async move { Ok(find(tx, id, now).await?.1) })).await;
        let key = key?;
        let workspace = self
            .directory()
            .read(caller.workspace, |tx, &id| Box::pin(workspaces::find_active(tx, id)))
            .await?
            .ok_or(Error::WorkspaceNotFound)?;
        Ok(MeKey {
            api_key: MeApiKey { id, name: key.name, role: key.role, expires_at: key.expires_at },
            workspace,
            permissions: caller.grants.permissions().iter().collect(),
            time_zone: caller.locale.time_zone,
            date_language: caller.locale.dates,
            currency: caller.locale.currency.code(),
        })
    }
}
