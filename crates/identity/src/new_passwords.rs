//! Other passwords: by their owner, by a link that an admin makes, and by the operator.
//!
//! An account belongs to its user, not to a workspace: whoever may set its password may enter every workspace it
//! belongs to. So a link that an admin makes counts only for a user who belongs to that admin's workspace alone, when it
//! is made and when it is used, and who may do no more there than the admin. For others the operator makes one.

use std::{fmt, net::IpAddr, time::Duration};

use kontor_core::{
    caller::{Caller, Operator},
    error::Issue,
    grants::Permission,
    ids::MemberId,
    time::Timestamp,
};
use kontor_store::AuditEntry;
use serde::Serialize;
use serde_json::json;

use crate::{
    Credential, Error, Identity, MemberStatus, Result,
    credentials::QUEUE_TIMEOUT,
    email,
    member_changes::within_caller,
    opaque::{self, Secret},
    password::{self, Lane, Verdict},
    rows::{
        members, memberships,
        password_resets::{self, PasswordResetRow},
        sign_ins::{self, Of},
        users,
    },
    throttle::{self, Subjects},
};

/// How long a link can be used.
const VALID_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// A link by which a password is set, told once.
#[derive(Clone)]
pub struct ResetLink {
    /// The secret that the link ends in.
    pub token: String,
    pub expires_at: Timestamp,
}

impl fmt::Debug for ResetLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResetLink").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What whoever has such a link is told.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct ResetView {
    pub email: String,
    pub name: String,
    pub expires_at: Timestamp,
}

/// A change of one's own password.
#[derive(Clone)]
pub struct PasswordChange {
    /// The one there is.
    pub current: String,
    pub new: String,
    /// Where the request comes from, as far as it is known.
    pub remote: Option<IpAddr>,
}

impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordChange").finish_non_exhaustive()
    }
}

impl Identity {
    /// Changes the caller's own password, for which the one there is has to be given. Their other sign-ins end.
    ///
    /// # Errors
    /// [`Error::Input`] at `current_password` where that is wrong, and at `new_password`; [`Error::Throttled`].
    pub async fn change_own_password(
        &self,
        caller: &Caller,
        credential: &Credential,
        change: PasswordChange,
    ) -> Result<()> {
        let id = self.user_of(caller).await?;
        let user = self
            .directory()
            .read(id, |tx, &id| Box::pin(users::by_id(tx, id)))
            .await?
            .ok_or(Error::UserNotFound)?;
        password::check(&change.new).map_err(|error| at(error, "new_password"))?;
        // Whoever has taken over a sign-in has the few attempts that a known browser has, however many sign-ins.
        let subjects = Subjects::new(&user.email, change.remote, Some(&format!("own:{id}")));
        let _turn = self.0.turns.take(subjects.own(), QUEUE_TIMEOUT).await.ok_or(Error::Busy)?;
        throttle::admit(self.directory(), &subjects, self.now()).await?;
        let kept = Some(user.password_hash.clone());
        let is_right = match self.0.passwords.verify(&change.current, kept, Lane::Known).await {
            Ok(verdict) => matches!(verdict, Verdict::Right { .. }),
            Err(error) => {
                self.withdraw(subjects).await?;
                return Err(error);
            }
        };
        if !is_right {
            let message = "This is not your password.";
            return Err(Error::Input(vec![Issue::new("current_password", "wrong_password", message)]));
        }
        let current = self.sign_in_of(credential).await?;
        let (hash, now) = (self.0.passwords.hash(&change.new).await?, self.now());
        let changed: Result<()> = self
            .directory()
            .write((subjects, hash), move |tx, (subjects, hash)| {
                Box::pin(async move {
                    throttle::succeed(tx, subjects).await?;
                    users::set_password(tx, id, hash, now).await?;
                    password_resets::remove(tx, id).await?;
                    sign_ins::end_all(tx, Of::User(id), Some(current)).await.map(drop)
                })
            })
            .await;
        self.forget_sign_ins();
        changed?;
        let member = caller.member().ok_or(Error::MemberNotFound)?;
        self.note(caller, AuditEntry::new("member.password_changed", format!("member:{member}"), json!({})))
            .await
    }

    /// A link by which a member of the caller's workspace sets a new password, once, within a day. An earlier one is of
    /// no use any more.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::MemberNotFound`], [`Error::MemberInactive`];
    /// [`Error::MemberBeyondCaller`], [`Error::OwnAccount`] and [`Error::BelongsElsewhere`], see the module.
    pub async fn make_reset_link(&self, caller: &Caller, member: MemberId) -> Result<ResetLink> {
        caller.require(Permission::Members)?;
        let found = self
            .namespace(caller.workspace)
            .await?
            .read(member, |tx, &member| Box::pin(members::find(tx, member)))
            .await?
            .ok_or(Error::MemberNotFound)?;
        // Who has taken over a sign-in is not to get round the password that is asked for.
        if caller.member() == Some(member) {
            return Err(Error::OwnAccount);
        }
        if found.summary.status != MemberStatus::Active {
            return Err(Error::MemberInactive);
        }
        within_caller(caller, &found)?;
        let (secret, now) = (Secret::generate(self.environment()), self.now());
        let row = PasswordResetRow {
            user: found.user,
            token_hash: secret.hash(),
            workspace: (!caller.is_system()).then_some(caller.workspace),
            made_by: caller.member(),
            created_at: now,
            expires_at: now.plus(VALID_FOR),
        };
        let expires_at = row.expires_at;
        let kept: Result<()> = self
            .directory()
            .write(row, |tx, row| {
                Box::pin(async move {
                    if row.workspace.is_some() && memberships::count(tx, row.user).await? > 1 {
                        return Err(Error::BelongsElsewhere);
                    }
                    password_resets::put(tx, row).await
                })
            })
            .await;
        kept?;
        let details = json!({ "expires_at": expires_at });
        self.note(caller, AuditEntry::new("member.reset_link_made", format!("member:{member}"), details))
            .await?;
        Ok(ResetLink { token: secret.to_text(opaque::RESET), expires_at })
    }

    /// Whose password a link sets.
    ///
    /// # Errors
    /// [`Error::InvalidResetLink`].
    pub async fn look_at_reset_link(&self, token: &str) -> Result<ResetView> {
        let hash = Secret::parse(opaque::RESET, token).ok_or(Error::InvalidResetLink)?.hash();
        let now = self.now();
        let found: Result<(PasswordResetRow, ResetView)> = self
            .directory()
            .read(hash, move |tx, hash| {
                Box::pin(async move {
                    let row = password_resets::by_token(tx, hash, now).await?;
                    let row = row.ok_or(Error::InvalidResetLink)?;
                    if row.workspace.is_some() && memberships::count(tx, row.user).await? > 1 {
                        return Err(Error::InvalidResetLink);
                    }
                    let user = users::by_id(tx, row.user).await?.ok_or(Error::InvalidResetLink)?;
                    let view = ResetView { email: user.email, name: user.name, expires_at: row.expires_at };
                    Ok((row, view))
                })
            })
            .await;
        let (row, view) = found?;
        self.check_maker(&row).await?;
        Ok(view)
    }

    /// That whoever made a link might make it still: an admin who was turned out, or whose member has come to more
    /// than theirs since, has given nobody a way in.
    async fn check_maker(&self, row: &PasswordResetRow) -> Result<()> {
        let Some(workspace) = row.workspace else { return Ok(()) };
        let maker = row.made_by.ok_or(Error::InvalidResetLink)?;
        let known = self.memberships(row.user).await?;
        let member = known.into_iter().find(|found| found.workspace.id == workspace);
        let member = member.ok_or(Error::InvalidResetLink)?.member;
        let stands: Result<bool> = self
            .namespace(workspace)
            .await?
            .read((maker, member), |tx, &(maker, member)| {
                Box::pin(async move {
                    let (maker, member) = (members::find(tx, maker).await?, members::find(tx, member).await?);
                    let (Some(maker), Some(member)) = (maker, member) else { return Ok(false) };
                    Ok(maker.summary.status == MemberStatus::Active
                        && maker.grants.permits(Permission::Members)
                        && member.grants.is_within(&maker.grants))
                })
            })
            .await;
        if stands? { Ok(()) } else { Err(Error::InvalidResetLink) }
    }

    /// Sets a password by a link, which is used up, and ends every sign-in of its user.
    ///
    /// # Errors
    /// [`Error::InvalidResetLink`]; [`Error::Input`].
    pub async fn reset_password(&self, token: &str, password: &str) -> Result<()> {
        self.look_at_reset_link(token).await?;
        let lookup = Secret::parse(opaque::RESET, token).ok_or(Error::InvalidResetLink)?.hash();
        let (hash, now) = (self.0.passwords.hash(password).await?, self.now());
        let used: Result<PasswordResetRow> = self
            .directory()
            .write((lookup, hash), move |tx, (lookup, hash)| {
                Box::pin(async move {
                    let row = password_resets::take(tx, lookup, now).await?.ok_or(Error::InvalidResetLink)?;
                    if row.workspace.is_some() && memberships::count(tx, row.user).await? > 1 {
                        return Err(Error::InvalidResetLink);
                    }
                    let user = users::by_id(tx, row.user).await?.ok_or(Error::InvalidResetLink)?;
                    users::set_password(tx, row.user, hash, now).await?;
                    sign_ins::end_all(tx, Of::User(row.user), None).await?;
                    throttle::forget(tx, &user.email).await?;
                    Ok(row)
                })
            })
            .await;
        self.forget_sign_ins();
        let row = used?;
        let Some(workspace) = row.workspace else { return Ok(()) };
        let known = self.memberships(row.user).await?;
        let Some(member) = known.into_iter().find(|found| found.workspace.id == workspace) else {
            return Ok(());
        };
        let entry = AuditEntry::new("member.password_reset", format!("member:{}", member.member), json!({}));
        match self.caller_of_member(workspace, member.member).await {
            Ok(caller) => self.note(&caller, entry).await,
            // Who was turned out meanwhile has a new password all the same.
            Err(Error::MemberInactive | Error::MemberNotFound) => Ok(()),
            Err(error) => Err(error),
        }
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
                    password_resets::remove(tx, id).await?;
                    sign_ins::end_all(tx, Of::User(id), None).await?;
                    throttle::forget(tx, address).await
                })
            })
            .await;
        self.forget_sign_ins();
        changed
    }
}

/// What is wrong with a password, at the input that it was given in.
fn at(error: Error, path: &str) -> Error {
    match error {
        Error::Input(issues) => {
            Error::Input(issues.into_iter().map(|issue| Issue { path: path.to_owned(), ..issue }).collect())
        }
        other => other,
    }
}
