//! Sharing a session with other members.

use std::collections::HashMap;

use kontor_core::{
    caller::Caller,
    ids::{MemberId, SessionId},
    text::fold,
};
use kontor_identity::{active_member_names, member_names};
use kontor_store::{AuditEntry, Tx};
use serde::Deserialize;
use serde_json::json;

use crate::{
    access::{member_of, own, readable},
    engine::Agents,
    error::Error,
    rows::shares::{self, ShareRow},
    stored::{Access, MemberName, Share},
};

/// Members with whom a session is shared.
const MOST: usize = 100;

/// What a member may do with whom a session is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShareAccess {
    /// Read it.
    #[default]
    Read,
    /// Send messages too, which the agent answers by what that member may do.
    TakePart,
}

/// With whom a session is to be shared, and how.
#[derive(Debug, Clone, Copy, Default, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewShare {
    pub access: ShareAccess,
}

impl From<ShareAccess> for Access {
    fn from(access: ShareAccess) -> Self {
        match access {
            ShareAccess::Read => Self::Read,
            ShareAccess::TakePart => Self::TakePart,
        }
    }
}

impl Agents {
    /// Shares a session of the caller's with a member, or changes what they may do in it.
    ///
    /// What was said is shown to them whole; of turns that are not theirs the arguments and results of tools are left
    /// out.
    pub async fn share_session(
        &self,
        caller: &Caller,
        session: SessionId,
        with: MemberId,
        new: NewShare,
    ) -> Result<Share, Error> {
        let member = member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .read((session, member), |tx, &(session, member)| Box::pin(own(tx, session, member)))
            .await?;
        if with == member {
            return Err(Error::invalid("member", "own_session", "The session is yours already."));
        }
        match self.0.identity.caller_of_member(caller.workspace, with).await {
            Ok(_) => {}
            Err(kontor_identity::Error::MemberInactive) => {
                return Err(Error::invalid("member", "inactive", "This member is not active."));
            }
            Err(error) => return Err(error.into()),
        }
        let now = self.0.environment.now();
        let share = ShareRow { session, member: with, access: new.access.into(), shared_at: now };
        let (environment, actor) = (self.0.environment.clone(), caller.actor());
        namespace
            .write((share, environment, actor), move |tx, (share, environment, actor)| {
                Box::pin(async move {
                    own(tx, share.session, member).await?;
                    let before = shares::of_session(tx, share.session).await?;
                    let known = before.iter().find(|known| known.member == share.member);
                    if known.is_none() && before.len() >= MOST {
                        return Err(Error::TooManyShares(MOST));
                    }
                    shares::set(tx, share).await?;
                    let details = json!({
                        "member": share.member,
                        "before": known.map(|known| known.access.word()),
                        "after": share.access.word(),
                    });
                    let entry = AuditEntry::new("session.shared", target(share.session), details);
                    tx.audit(environment, now, actor, entry).await?;
                    let row =
                        ShareRow { shared_at: known.map_or(now, |known| known.shared_at), ..share.clone() };
                    Ok::<_, Error>(named(vec![row], &names(tx).await?).remove(0))
                })
            })
            .await
    }

    /// Takes a share back; whom a session is shared with may leave it, too.
    pub async fn unshare_session(
        &self,
        caller: &Caller,
        session: SessionId,
        with: MemberId,
    ) -> Result<(), Error> {
        let member = member_of(caller)?;
        let now = self.0.environment.now();
        let (environment, actor) = (self.0.environment.clone(), caller.actor());
        self.namespace(caller.workspace)
            .await?
            .write((environment, actor), move |tx, (environment, actor)| {
                Box::pin(async move {
                    let (_, access) = readable(tx, session, member).await?;
                    if access != Access::Owner && with != member {
                        return Err(Error::NotTheirSession);
                    }
                    let before = shares::remove(tx, session, with).await?.ok_or(Error::NotShared)?;
                    let details = json!({ "member": with, "before": before.word(), "after": null });
                    let entry = AuditEntry::new("session.unshared", target(session), details);
                    tx.audit(environment, now, actor, entry).await?;
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// The members with whom a session of the caller's can be shared, by name: those who may act.
    pub async fn members_to_share_with(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<Vec<MemberName>, Error> {
        let member = member_of(caller)?;
        self.namespace(caller.workspace)
            .await?
            .read((session, member), |tx, &(session, member)| {
                Box::pin(async move {
                    own(tx, session, member).await?;
                    let others = active_member_names(tx).await?.into_iter().filter(|(id, _)| *id != member);
                    let mut others: Vec<_> =
                        others.map(|(id, name)| MemberName { id, name: Some(name) }).collect();
                    others.sort_by_key(|member| member.name.as_deref().map(fold));
                    Ok::<_, Error>(others)
                })
            })
            .await
    }

    /// With whom a session of the caller's is shared.
    pub async fn session_shares(&self, caller: &Caller, session: SessionId) -> Result<Vec<Share>, Error> {
        let member = member_of(caller)?;
        self.namespace(caller.workspace)
            .await?
            .read((session, member), |tx, &(session, member)| {
                Box::pin(async move {
                    own(tx, session, member).await?;
                    let rows = shares::of_session(tx, session).await?;
                    Ok::<_, Error>(named(rows, &names(tx).await?))
                })
            })
            .await
    }
}

pub(crate) fn target(session: SessionId) -> String {
    format!("session:{session}")
}

/// The names of the workspace's members.
pub(crate) async fn names(tx: &mut Tx<'_>) -> Result<HashMap<MemberId, String>, Error> {
    Ok(member_names(tx).await?.into_iter().collect())
}

pub(crate) fn member_name(id: MemberId, names: &HashMap<MemberId, String>) -> MemberName {
    MemberName { id, name: names.get(&id).cloned() }
}

pub(crate) fn named(rows: Vec<ShareRow>, names: &HashMap<MemberId, String>) -> Vec<Share> {
    let share = |row: ShareRow| Share {
        session: row.session,
        member: member_name(row.member, names),
        access: row.access,
        shared_at: row.shared_at,
    };
    rows.into_iter().map(share).collect()
}
