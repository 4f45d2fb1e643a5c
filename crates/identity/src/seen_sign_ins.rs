//! Sign-ins as those see and end them who may: their owner, and who looks after the members.

use std::collections::HashMap;

use kontor_core::{
    caller::Caller,
    grants::Permission,
    ids::{MemberId, SignInId, UserId},
    time::Timestamp,
};
use kontor_store::{AuditEntry, stored_enum};
use serde::Serialize;
use serde_json::json;

use crate::{
    Credential, Error, Identity, Result,
    member_changes::may_turn_out,
    rows::{
        members,
        sign_ins::{self, Kind, Of, SeenRow},
    },
};

stored_enum! {
    /// What signed in.
    pub enum SignInKind: "kind of sign-in" {
        Browser = "browser",
        /// A program, by tokens.
        Program = "program",
    }
}

/// A sign-in that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SeenSignIn {
    pub id: SignInId,
    pub kind: SignInKind,
    /// The browser and the system, or the program, as far as it said: `Firefox on Linux`.
    pub browser: String,
    /// All that it said of itself.
    pub user_agent: Option<String>,
    /// Where it signed in from.
    pub address: Option<String>,
    pub since: Timestamp,
    /// To the hour.
    pub last_used_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// The name of the workspace that it is for.
    pub workspace: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

impl Identity {
    /// The caller's own sign-ins, to whichever workspace, the one used last first.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`] for a caller who is no member.
    pub async fn own_sign_ins(&self, caller: &Caller, credential: &Credential) -> Result<Vec<SeenSignIn>> {
        let user = self.user_of(caller).await?;
        let current = self.sign_in_of(credential).await?;
        self.seen(Of::User(user), user, Some(current)).await
    }

    /// Ends one of the caller's own sign-ins.
    ///
    /// # Errors
    /// [`Error::SignInNotFound`].
    pub async fn end_own_sign_in(&self, caller: &Caller, id: SignInId) -> Result<()> {
        let user = self.user_of(caller).await?;
        self.end_one(Of::User(user), id).await?;
        self.note_ended(caller, caller.member(), 1).await
    }

    /// Ends all of the caller's own sign-ins but the one that asks; how many there were.
    ///
    /// # Errors
    /// [`Error::MemberNotFound`] for a caller who is no member.
    pub async fn end_other_sign_ins(&self, caller: &Caller, credential: &Credential) -> Result<u64> {
        let user = self.user_of(caller).await?;
        let current = self.sign_in_of(credential).await?;
        let ended = self.end_all(Of::User(user), Some(current)).await?;
        self.note_ended(caller, caller.member(), ended).await?;
        Ok(ended)
    }

    /// The sign-ins of a member to the caller's workspace, the one used last first.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `members`; [`Error::MemberNotFound`],
    /// [`Error::MemberBeyondCaller`].
    pub async fn sign_ins_of(
        &self,
        caller: &Caller,
        member: MemberId,
        credential: Option<&Credential>,
    ) -> Result<Vec<SeenSignIn>> {
        caller.require(Permission::Members)?;
        let user = self.user_in_charge(caller, member).await?;
        let current = match credential {
            Some(credential) => Some(self.sign_in_of(credential).await?),
            None => None,
        };
        self.seen(Of::Member(caller.workspace, member), user, current).await
    }

    /// Ends one sign-in of a member to the caller's workspace.
    ///
    /// # Errors
    /// As [`Identity::sign_ins_of`]; [`Error::SignInNotFound`].
    pub async fn end_sign_in_of(&self, caller: &Caller, member: MemberId, id: SignInId) -> Result<()> {
        caller.require(Permission::Members)?;
        self.user_in_charge(caller, member).await?;
        self.end_one(Of::Member(caller.workspace, member), id).await?;
        self.note_ended(caller, Some(member), 1).await
    }

    /// Ends all of them; how many there were.
    ///
    /// # Errors
    /// As [`Identity::sign_ins_of`].
    pub async fn end_sign_ins_of(&self, caller: &Caller, member: MemberId) -> Result<u64> {
        caller.require(Permission::Members)?;
        self.user_in_charge(caller, member).await?;
        let ended = self.end_all(Of::Member(caller.workspace, member), None).await?;
        self.note_ended(caller, Some(member), ended).await?;
        Ok(ended)
    }

    /// The sign-in that a credential stands for.
    pub(crate) async fn sign_in_of(&self, credential: &Credential) -> Result<SignInId> {
        match credential {
            Credential::AccessToken(token) => {
                Ok(self.verified(token)?.member().ok_or(Error::NotInPerson)?.sid)
            }
            Credential::Cookie(cookie) => self.sign_in_of_cookie(cookie).await,
        }
    }

    /// Sign-ins that have ended work no more on this server from now on; on others within seconds.
    pub(crate) fn forget_sign_ins(&self) {
        self.0.live.clear();
        self.0.browsers.clear();
    }

    pub(crate) async fn user_of(&self, caller: &Caller) -> Result<UserId> {
        let member = caller.member().ok_or(Error::MemberNotFound)?;
        Ok(self.active_member(caller.workspace, member).await?.user)
    }

    /// The user of a member whom the caller may turn out: nobody ends the sign-ins of a greater admin, or sees them.
    async fn user_in_charge(&self, caller: &Caller, member: MemberId) -> Result<UserId> {
        let found = self
            .namespace(caller.workspace)
            .await?
            .read(member, |tx, &member| Box::pin(members::find(tx, member)))
            .await?
            .ok_or(Error::MemberNotFound)?;
        may_turn_out(caller, &found)?;
        Ok(found.user)
    }

    async fn seen(&self, of: Of, user: UserId, current: Option<SignInId>) -> Result<Vec<SeenSignIn>> {
        let now = self.now();
        let rows = self.directory().read(of, move |tx, &of| Box::pin(sign_ins::seen(tx, of, now))).await?;
        let workspaces = self.memberships(user).await?;
        let names: HashMap<_, _> =
            workspaces.into_iter().map(|found| (found.workspace.id, found.workspace.name)).collect();
        let told = rows.into_iter().map(|row| SeenSignIn {
            is_current: current == Some(row.id),
            workspace: names.get(&row.workspace).cloned().unwrap_or_default(),
            ..told(row)
        });
        Ok(told.collect())
    }

    async fn end_one(&self, of: Of, id: SignInId) -> Result<()> {
        let ended =
            self.directory().write((of, id), |tx, &(of, id)| Box::pin(sign_ins::end_one(tx, of, id))).await;
        self.forget_sign_ins();
        if ended? { Ok(()) } else { Err(Error::SignInNotFound) }
    }

    async fn end_all(&self, of: Of, but: Option<SignInId>) -> Result<u64> {
        let ended = self
            .directory()
            .write((of, but), |tx, &(of, but)| Box::pin(sign_ins::end_all(tx, of, but)))
            .await;
        self.forget_sign_ins();
        ended
    }

    async fn note_ended(&self, caller: &Caller, member: Option<MemberId>, ended: u64) -> Result<()> {
        let Some(member) = member.filter(|_| ended > 0) else { return Ok(()) };
        let entry =
            AuditEntry::new("member.sign_ins_ended", format!("member:{member}"), json!({ "ended": ended }));
        self.note(caller, entry).await
    }

    /// Writes down in the caller's workspace what was done in the directory.
    pub(crate) async fn note(&self, caller: &Caller, entry: AuditEntry) -> Result<()> {
        let now = self.now();
        self.namespace(caller.workspace)
            .await?
            .write(
                (self.environment().clone(), caller.actor(), entry),
                move |tx, (environment, actor, entry)| {
                    Box::pin(async move { Ok(tx.audit(environment, now, actor, entry.clone()).await?) })
                },
            )
            .await
    }
}

fn told(row: SeenRow) -> SeenSignIn {
    SeenSignIn {
        id: row.id,
        kind: match row.kind {
            Kind::Browser => SignInKind::Browser,
            Kind::Tokens => SignInKind::Program,
        },
        browser: described(row.user_agent.as_deref().unwrap_or_default()),
        user_agent: row.user_agent,
        address: row.remote,
        since: row.created_at,
        last_used_at: row.used_at,
        expires_at: row.expires_at,
        workspace: String::new(),
        is_current: false,
    }
}

/// Browsers by what they call themselves, those first that call themselves others too.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems likewise.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// A user agent (RFC 9110, section 10.1.5) in a few words; the beginning of one that is no browser's.
fn described(user_agent: &str) -> String {
    let named = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if user_agent.trim().is_empty() => "Unknown".to_owned(),
        (None, _) => kontor_core::text::excerpt(user_agent.split(' ').next().unwrap_or_default(), 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_own_name_and_a_program_by_its_first_word() {
        for (user_agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.14.1", "curl/8.14.1"),
            ("", "Unknown"),
        ] {
            assert_eq!(described(user_agent), expected);
        }
    }
}
