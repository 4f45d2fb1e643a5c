//! Taking an invitation: who is new here chooses a name and a password, who has an account gives theirs.

use std::{fmt, net::IpAddr, sync::Arc};

use kontor_core::{
    actor::{Actor, Principal},
    error::Issue,
    ids::{MemberId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::Tx;
use serde::Serialize;

use crate::{
    BrowserSession, Error, Identity, MemberProfile, Result, SignIn, Tokens, WorkspaceSummary,
    callers::ActiveMember,
    email,
    invitations::standing,
    members::{note_added, write_member},
    opaque::InvitationToken,
    password,
    rows::{
        invitations, members, memberships,
        users::{self, UserRow},
        workspaces,
    },
};

/// What whoever has an invitation's link is told of it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct InvitationView {
    /// The name of the workspace.
    pub workspace: String,
    pub email: String,
    pub name: Option<String>,
    /// The name of the role.
    pub role: String,
    /// The name of whoever invited.
    pub invited_by: Option<String>,
    pub expires_at: Timestamp,
    /// Whether somebody with this address signs in here already: they take it with their password.
    pub has_account: bool,
}

/// How an invitation is taken.
#[derive(Clone)]
pub struct Acceptance {
    /// Of somebody who is new here.
    pub name: String,
    /// The one of their account, or a new one.
    pub password: String,
    /// Where the request comes from, as far as it is known.
    pub remote: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// As in [`SignIn`].
    pub known_browser: String,
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptance").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Identity {
    /// What an invitation is, by its link.
    ///
    /// # Errors
    /// [`Error::InvalidInvitation`] where it was taken or revoked, has expired, or whoever made it may not invite any
    /// more.
    pub async fn look_at_invitation(&self, token: &str) -> Result<InvitationView> {
        let token = InvitationToken::parse(token).ok_or(Error::InvalidInvitation)?;
        let (hash, now) = (token.secret.hash(), self.now());
        let namespace = self.namespace(token.workspace).await.map_err(nowhere)?;
        let (row, role, invited_by) =
            namespace.read(hash, move |tx, hash| Box::pin(standing(tx, hash, now, false))).await?;
        Ok(InvitationView {
            workspace: self.name_of(token.workspace).await?,
            has_account: self.find_user(row.email.clone()).await?.is_some(),
            email: row.email,
            name: row.name,
            role: role.name,
            invited_by,
            expires_at: row.expires_at,
        })
    }

    /// Takes an invitation and signs in for a program.
    ///
    /// # Errors
    /// [`Error::InvalidInvitation`]; [`Error::Input`]; as [`Identity::sign_in`] for who has an account.
    pub async fn accept_invitation(&self, token: &str, acceptance: Acceptance) -> Result<Tokens> {
        let (member, input) = self.take_invitation(token, acceptance).await?;
        self.issue_tokens(&member, input).await
    }

    /// Takes an invitation and signs in for a browser.
    ///
    /// # Errors
    /// As [`Identity::accept_invitation`].
    pub async fn accept_invitation_in_browser(
        &self,
        token: &str,
        acceptance: Acceptance,
    ) -> Result<BrowserSession> {
        let (member, input) = self.take_invitation(token, acceptance).await?;
        self.open_browser_session(&member, input).await
    }

    /// The directory is written first. What a crash leaves there is completed by taking the invitation again, with
    /// the password that was chosen.
    async fn take_invitation(
        &self,
        token: &str,
        acceptance: Acceptance,
    ) -> Result<(Arc<ActiveMember>, SignIn)> {
        let token = InvitationToken::parse(token).ok_or(Error::InvalidInvitation)?;
        let (workspace, hash, now) = (token.workspace, token.secret.hash(), self.now());
        let namespace = self.namespace(workspace).await.map_err(nowhere)?;
        let (row, ..) =
            namespace.read(hash.clone(), move |tx, hash| Box::pin(standing(tx, hash, now, false))).await?;
        let input = SignIn {
            email: row.email.clone(),
            password: acceptance.password,
            workspace: None,
            remote: acceptance.remote,
            user_agent: acceptance.user_agent,
            known_browser: acceptance.known_browser,
        };
        let user = match self.find_user(row.email.clone()).await? {
            Some(_) => self.check_password(&input).await?,
            None => self.new_user(row.email, &acceptance.name, &input.password).await?,
        };
        let (user, member) = self.join(workspace, user, now).await?;
        let profile =
            MemberProfile { id: member, name: user.name.clone(), email: user.email.clone(), time_zone: None };
        let written: Result<()> = namespace
            .write((self.clone(), hash, user, profile), move |tx, (identity, hash, user, profile)| {
                Box::pin(write(tx, identity, workspace, hash, user, profile, now))
            })
            .await;
        self.0.members.remove(&(workspace, member));
        written?;
        Ok((self.active_member(workspace, member).await?, input))
    }

    async fn new_user(&self, address: String, name: &str, password: &str) -> Result<UserRow> {
        let mut wrong: Vec<Issue> = Vec::new();
        let mut note = |error: Error| match error {
            Error::Input(issues) => {
                wrong.extend(issues);
                Ok(())
            }
            other => Err(other),
        };
        let name = match email::name("name", name) {
            Ok(name) => name,
            Err(error) => note(error).map(|()| String::new())?,
        };
        password::check(password).or_else(&mut note)?;
        if !wrong.is_empty() {
            return Err(Error::Input(wrong));
        }
        let password_hash = self.0.passwords.hash(password).await?;
        Ok(UserRow { id: self.environment().new_id(), email: address, name, password_hash })
    }

    /// The user, who is written where they are new, and their membership.
    async fn join(
        &self,
        workspace: WorkspaceId,
        user: UserRow,
        now: Timestamp,
    ) -> Result<(UserRow, MemberId)> {
        let new_member: MemberId = self.environment().new_id();
        self.directory()
            .write(user, move |tx, user| {
                Box::pin(async move {
                    match users::by_email(tx, &user.email).await? {
                        Some(known) if known.id == user.id => {}
                        // Somebody else has just taken the link and chosen another password.
                        Some(_) => return Err(Error::InvalidInvitation),
                        None => users::insert(tx, user, now).await?,
                    }
                    if let Some(member) = memberships::find(tx, workspace, user.id).await? {
                        return Ok((user.clone(), member));
                    }
                    memberships::insert(tx, workspace, user.id, new_member, now).await?;
                    Ok((user.clone(), new_member))
                })
            })
            .await
            .map_err(|error| match error {
                Error::Store(kontor_store::Error::UniqueViolation { .. }) => Error::InvalidInvitation,
                other => other,
            })
    }

    async fn name_of(&self, workspace: WorkspaceId) -> Result<String> {
        let found: Option<WorkspaceSummary> = self
            .directory()
            .read(workspace, |tx, &workspace| Box::pin(workspaces::find_active(tx, workspace)))
            .await?;
        Ok(found.ok_or(Error::InvalidInvitation)?.name)
    }
}

/// A link of a workspace that does not exist is as useless as any other.
fn nowhere(error: Error) -> Error {
    match error {
        Error::WorkspaceNotFound | Error::Store(kontor_store::Error::Missing { .. }) => {
            Error::InvalidInvitation
        }
        other => other,
    }
}

/// The member comes to the workspace, and the link is used up.
async fn write(
    tx: &mut Tx<'_>,
    identity: &Identity,
    workspace: WorkspaceId,
    hash: &str,
    user: &UserRow,
    profile: &MemberProfile,
    now: Timestamp,
) -> Result<()> {
    let (row, role, _) = standing(tx, hash, now, true).await?;
    invitations::remove(tx, row.id).await?.ok_or(Error::InvalidInvitation)?;
    if members::find(tx, profile.id).await?.is_some() {
        return Err(Error::MemberExists);
    }
    let role = (row.role, role);
    write_member(tx, &*identity.0.provisioner, workspace, profile, user.id, &role, now).await?;
    let principal = Principal::Member { id: profile.id, name: profile.name.clone() };
    let actor = Actor { principal, agent: None };
    note_added(tx, identity.environment(), &actor, profile, &role.1.name, now).await
}
