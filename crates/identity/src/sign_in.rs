//! Signing in with a password.

use std::{fmt, net::IpAddr, sync::Arc};

use kontor_core::{ids::UserId, text::fold};

use crate::{
    Error, Identity, Result, Tokens,
    callers::ActiveMember,
    opaque::RefreshToken,
    rows::{
        memberships::{self, Membership},
        sign_ins::{self, Kind, Origin, SignInRow},
    },
};

/// What is needed to sign in.
#[derive(Clone)]
pub struct SignIn {
    pub email: String,
    pub password: String,
    /// The id or the name of a workspace, needed by those who belong to several.
    pub workspace: Option<String>,
    /// Where the request comes from, as far as it is known.
    pub remote: Option<IpAddr>,
    pub user_agent: Option<String>,
    /// The cookie that [`BrowserSession::known_browser`](crate::BrowserSession) once gave this browser; empty
    /// where there is none.
    pub known_browser: String,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("workspace", &self.workspace)
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Signs in and answers an access token and a refresh token.
    ///
    /// # Errors
    /// `invalid_credentials`, the same for an unknown account and a wrong password; `too_many_attempts` after
    /// several failures; `workspace_required` with the choice when the password is right and the user belongs
    /// to several workspaces; `no_membership` or `member_inactive`.
    pub async fn sign_in(&self, input: SignIn) -> Result<Tokens> {
        let member = self.enter(&input).await?;
        self.issue_tokens(&member, input).await
    }

    /// Tokens of somebody who has shown who they are.
    pub(crate) async fn issue_tokens(&self, member: &ActiveMember, input: SignIn) -> Result<Tokens> {
        let refresh = RefreshToken::generate(self.environment());
        let expires_at = self.now().plus(self.0.settings.refresh_token_for);
        let mut row = self.new_sign_in(member, expires_at);
        row.secret_hash = Some(refresh.current.hash());
        self.keep_sign_in(Kind::Tokens, refresh.family.hash(), row.clone(), origin(input)).await?;
        self.tokens(&row, refresh)
    }

    /// Checks the password and chooses the workspace.
    pub(crate) async fn enter(&self, input: &SignIn) -> Result<Arc<ActiveMember>> {
        let user = self.check_password(input).await?;
        let chosen = choose(self.memberships(user.id).await?, input.workspace.as_deref())?;
        self.active_member(chosen.workspace.id, chosen.member).await
    }

    /// The workspaces a user belongs to, by name.
    pub(crate) async fn memberships(&self, user: UserId) -> Result<Vec<Membership>> {
        self.directory().read(user, |tx, &user| Box::pin(memberships::of_user(tx, user))).await
    }

    pub(crate) fn new_sign_in(
        &self,
        member: &ActiveMember,
        expires_at: kontor_core::time::Timestamp,
    ) -> SignInRow {
        SignInRow {
            id: self.environment().new_id(),
            user: member.user,
            workspace: member.caller.workspace,
            member: member.summary.id,
            secret_hash: None,
            used_at: self.now(),
            expires_at,
        }
    }

    pub(crate) async fn keep_sign_in(
        &self,
        kind: Kind,
        lookup_hash: String,
        row: SignInRow,
        origin: Origin,
    ) -> Result<()> {
        let now = self.now();
        self.directory()
            .write((lookup_hash, row, origin), move |tx, (lookup_hash, row, origin)| {
                Box::pin(async move {
                    sign_ins::remove_expired(tx, now).await?;
                    sign_ins::insert(tx, kind, lookup_hash, row, origin).await?;
                    memberships::note_seen(tx, row.workspace, row.member, now).await
                })
            })
            .await
    }
}

pub(crate) fn origin(input: SignIn) -> Origin {
    Origin { remote: input.remote, user_agent: input.user_agent }
}

fn choose(mut memberships: Vec<Membership>, wanted: Option<&str>) -> Result<Membership> {
    if let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
        let folded = fold(wanted);
        return memberships
            .into_iter()
            .find(|m| m.workspace.id.to_string() == wanted || fold(&m.workspace.name) == folded)
            .ok_or(Error::NoMembership);
    }
    match memberships.len() {
        0 | 1 => memberships.pop().ok_or(Error::NoMembership),
        _ => Err(Error::WorkspaceRequired(memberships.into_iter().map(|m| m.workspace).collect())),
    }
}
