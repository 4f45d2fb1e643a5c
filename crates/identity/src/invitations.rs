//! Invitations: links by which people come to a workspace. A link is told once, and of it only a hash is kept.

use std::{collections::HashMap, time::Duration};

use kontor_core::{
    caller::Caller,
    error::Issue,
    grants::Permission,
    ids::{MemberId, RoleId},
    time::Timestamp,
};
use kontor_store::{AuditEntry, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Identity, MemberStatus, Result, email,
    opaque::{InvitationToken, Secret},
    roles::{Role, named_to_give},
    rows::{
        invitations::{self, InvitationRow},
        members, roles,
    },
};

/// How long a link can be used.
const VALID_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How many may wait to be taken.
const MOST: usize = 1_000;

/// Who is invited, as what.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub email: String,
    /// The name of a role.
    #[serde(default = "crate::members::usual_role")]
    pub role: String,
    /// What the person is called, for the form that they fill in.
    #[serde(default)]
    pub name: Option<String>,
}

/// An invitation that was neither taken nor revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub name: Option<String>,
    /// The name of a role.
    pub role: String,
    /// The name of whoever invited; nobody where it was the operator.
    pub invited_by: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub is_expired: bool,
}

/// An invitation, and the secret that its link ends in, which is told once.
#[derive(Debug, Clone)]
pub struct Invited {
    pub invitation: Invitation,
    pub token: InvitationSecret,
}

/// The last part of an invitation's link.
#[derive(Clone)]
pub struct InvitationSecret(String);

impl InvitationSecret {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for InvitationSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InvitationSecret(…)")
    }
}

impl Identity {
    /// Invites somebody into the caller's workspace, with a role that allows no more than the caller may do. An
    /// earlier invitation of the same address is of no use any more.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::Input`], [`Error::UnknownRole`],
    /// [`Error::RoleBeyondCaller`], [`Error::MemberExists`].
    pub async fn invite(&self, caller: &Caller, new: NewInvitation) -> Result<Invited> {
        caller.require(Permission::Members)?;
        let mut wrong = Vec::new();
        let mut take = |read: Result<String>| match read {
            Err(Error::Input(issues)) => {
                wrong.extend(issues);
                Ok(String::new())
            }
            other => other,
        };
        let address = take(email::normalize(&new.email))?;
        let given = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = given.map(|name| take(email::name("name", name))).transpose()?;
        if !wrong.is_empty() {
            return Err(Error::Input(wrong));
        }
        let (secret, now) = (Secret::generate(self.environment()), self.now());
        let row = InvitationRow {
            id: self.environment().new_id(),
            token_hash: secret.hash(),
            email: address,
            name,
            role: RoleId(Uuid::nil()),
            invited_by: caller.member(),
            created_at: now,
            expires_at: now.plus(VALID_FOR),
        };
        let namespace = self.namespace(caller.workspace).await?;
        let written: Result<Invitation> = namespace
            .write((self.clone(), caller.clone(), new.role, row), |tx, (identity, caller, role, row)| {
                Box::pin(write(tx, identity, caller, role, row))
            })
            .await;
        let token = InvitationToken { workspace: caller.workspace, secret };
        Ok(Invited { invitation: written?, token: InvitationSecret(token.to_text()) })
    }

    /// The invitations of the caller's workspace that were neither taken nor revoked, by address.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`.
    pub async fn invitations(&self, caller: &Caller) -> Result<Vec<Invitation>> {
        caller.require(Permission::Members)?;
        let now = self.now();
        self.namespace(caller.workspace)
            .await?
            .read((), move |tx, ()| {
                Box::pin(async move {
                    let rows = invitations::all(tx).await?;
                    let roles: HashMap<_, _> =
                        roles::all(tx).await?.into_iter().map(|(id, role)| (id, role.name)).collect();
                    let names: HashMap<_, _> =
                        members::all(tx).await?.into_iter().map(|m| (m.id, m.name)).collect();
                    let told = rows.iter().map(|row| {
                        let role = roles.get(&row.role).cloned().unwrap_or_default();
                        told(row, role, row.invited_by.and_then(|by| names.get(&by).cloned()), now)
                    });
                    Ok(told.collect())
                })
            })
            .await
    }

    /// Makes an invitation's link useless.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::InvitationNotFound`].
    pub async fn revoke_invitation(&self, caller: &Caller, id: Uuid) -> Result<()> {
        caller.require(Permission::Members)?;
        let now = self.now();
        self.namespace(caller.workspace)
            .await?
            .write((self.environment().clone(), caller.actor()), move |tx, (environment, actor)| {
                Box::pin(async move {
                    let row = invitations::remove(tx, id).await?.ok_or(Error::InvitationNotFound)?;
                    let details = json!({ "email": row.email });
                    let entry = AuditEntry::new("invitation.revoked", format!("invitation:{id}"), details);
                    Ok(tx.audit(environment, now, actor, entry).await?)
                })
            })
            .await
    }
}

async fn write(
    tx: &mut Tx<'_>,
    identity: &Identity,
    caller: &Caller,
    role: &str,
    row: &InvitationRow,
) -> Result<Invitation> {
    let (role_id, role) = named_to_give(tx, role, &caller.grants).await?;
    if members::all(tx).await?.iter().any(|member| member.email == row.email) {
        return Err(Error::MemberExists);
    }
    invitations::remove_expired(tx, row.created_at).await?;
    if invitations::all(tx).await?.iter().filter(|waiting| waiting.email != row.email).count() >= MOST {
        let message = format!("No more than {MOST} invitations can wait to be taken: revoke some.");
        return Err(Error::Input(vec![Issue::new("", "too_many_invitations", message)]));
    }
    let row = InvitationRow { role: role_id, ..row.clone() };
    invitations::put(tx, &row).await?;
    let details = json!({ "email": row.email, "role": role.name });
    let entry = AuditEntry::new("invitation.made", format!("invitation:{}", row.id), details);
    tx.audit(identity.environment(), row.created_at, &caller.actor(), entry).await?;
    let by = caller.member().map(|_| caller.principal.name().to_owned());
    Ok(told(&row, role.name, by, row.created_at))
}

fn told(row: &InvitationRow, role: String, invited_by: Option<String>, now: Timestamp) -> Invitation {
    Invitation {
        id: row.id,
        email: row.email.clone(),
        name: row.name.clone(),
        role,
        invited_by,
        created_at: row.created_at,
        expires_at: row.expires_at,
        is_expired: row.expires_at <= now,
    }
}

/// The invitation of a link with its role, and the name of whoever invited, who must still be allowed to: a link
/// outlives no admin who was turned out.
pub(crate) async fn standing(
    tx: &mut Tx<'_>,
    hash: &str,
    now: Timestamp,
    to_take: bool,
) -> Result<(InvitationRow, Role, Option<String>)> {
    let row = invitations::by_token(tx, hash, now, to_take).await?.ok_or(Error::InvalidInvitation)?;
    let (_, role) =
        roles::all(tx).await?.into_iter().find(|(id, _)| *id == row.role).ok_or(Error::InvalidInvitation)?;
    let by = match row.invited_by {
        None => None,
        Some(by) => Some(inviter(tx, by, &role).await?),
    };
    Ok((row, role, by))
}

async fn inviter(tx: &mut Tx<'_>, by: MemberId, role: &Role) -> Result<String> {
    let found = members::find(tx, by).await?.filter(|found| {
        found.summary.status == MemberStatus::Active
            && found.grants.permits(Permission::Members)
            && role.grants.is_within(&found.grants)
    });
    Ok(found.ok_or(Error::InvalidInvitation)?.summary.name)
}
