//! Browser sessions: an opaque cookie, and protection against forged requests derived from it.

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{caller::Caller, ids::SignInId, time::Timestamp};
use subtle::ConstantTimeEq as _;

use crate::{
    Error, Identity, Result, SignIn,
    callers::ActiveMember,
    email,
    known_browser::KNOWN_FOR,
    opaque::{self, Secret},
    rows::{
        memberships,
        sign_ins::{self, Kind, SignInRow},
    },
    secret::mac,
    sign_in::origin,
};

/// How often a session's last use is written down.
const NOTED_EVERY: Duration = Duration::from_secs(60 * 60);

/// A session that has just begun.
pub struct BrowserSession {
    /// The value of the cookie.
    pub cookie: String,
    pub csrf: Csrf,
    /// When it ends unless it is used; each use puts that off.
    pub expires_at: Timestamp,
    /// The value of the cookie by which this browser is known at the next sign-in.
    pub known_browser: String,
    /// How long the browser is to keep that.
    pub known_for: Duration,
}

impl fmt::Debug for BrowserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserSession").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// The token that a session's own pages carry and others cannot know: an HMAC of the cookie's secret.
#[derive(Clone)]
pub struct Csrf(String);

impl Csrf {
    fn new(secret: &Secret) -> Self {
        Self(URL_SAFE_NO_PAD.encode(mac(secret.as_bytes(), "kontor: csrf")))
    }

    /// The token, to be put into forms and pages.
    pub fn token(&self) -> &str {
        &self.0
    }

    /// Compares in constant time.
    pub fn verify(&self, given: &str) -> Result<()> {
        if bool::from(self.0.as_bytes().ct_eq(given.as_bytes())) { Ok(()) } else { Err(Error::Csrf) }
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Csrf(…)")
    }
}

impl Identity {
    /// Signs in for a browser. Fails as [`Identity::sign_in`] does.
    pub async fn start_browser_session(&self, input: SignIn) -> Result<BrowserSession> {
        let member = self.enter(&input).await?;
        self.open_browser_session(&member, input).await
    }

    /// Keeps a session of somebody who has shown who they are.
    pub(crate) async fn open_browser_session(
        &self,
        member: &ActiveMember,
        input: SignIn,
    ) -> Result<BrowserSession> {
        let secret = Secret::generate(self.environment());
        let expires_at = self.now().plus(self.0.settings.browser_session_for);
        let row = self.new_sign_in(member, expires_at);
        let account = email::fold(&input.email);
        let known_browser =
            self.0.known_browsers.renew(&input.known_browser, &account, self.now(), self.environment());
        self.keep_sign_in(Kind::Browser, secret.hash(), row, origin(input)).await?;
        Ok(BrowserSession {
            cookie: secret.to_text(opaque::COOKIE),
            csrf: Csrf::new(&secret),
            expires_at,
            known_browser,
            known_for: KNOWN_FOR,
        })
    }

    /// The caller a cookie stands for, and the CSRF token that requests which change something must carry.
    pub async fn authenticate_cookie(&self, cookie: &str) -> Result<(Caller, Csrf)> {
        let secret = Secret::parse(opaque::COOKIE, cookie).ok_or(Error::InvalidToken)?;
        let row = self.browser_session(secret.hash()).await?;
        let caller = self.signed_in_caller(row.workspace, row.member, row.user).await?;
        Ok((caller, Csrf::new(&secret)))
    }

    /// The sign-in of a cookie.
    pub(crate) async fn sign_in_of_cookie(&self, cookie: &str) -> Result<SignInId> {
        let secret = Secret::parse(opaque::COOKIE, cookie).ok_or(Error::InvalidToken)?;
        Ok(self.browser_session(secret.hash()).await?.id)
    }

    async fn browser_session(&self, hash: String) -> Result<Arc<SignInRow>> {
        let load = async |_| {
            let now = self.now();
            let row: Option<SignInRow> = self
                .directory()
                .read(hash.clone(), move |tx, lookup| {
                    Box::pin(sign_ins::by_lookup(tx, Kind::Browser, lookup, now, false))
                })
                .await?;
            let row = Arc::new(row.ok_or(Error::InvalidToken)?);
            if now.since(row.used_at) >= NOTED_EVERY {
                self.note_use(&row, now).await?;
            }
            Ok(row)
        };
        let row = self.0.browsers.get_or_load(&hash, load).await?;
        // What is remembered may have ended meanwhile.
        if row.expires_at <= self.now() {
            return self.0.browsers.reload(&hash, load).await;
        }
        Ok(row)
    }

    async fn note_use(&self, row: &SignInRow, now: Timestamp) -> Result<()> {
        let expires_at = now.plus(self.0.settings.browser_session_for);
        self.directory()
            .write(row.clone(), move |tx, row| {
                Box::pin(async move {
                    sign_ins::renew(tx, row.id, None, now, expires_at).await?;
                    memberships::note_seen(tx, row.workspace, row.member, now).await
                })
            })
            .await
    }
}
