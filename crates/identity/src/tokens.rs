//! Token pairs: a short-lived access token, and a refresh token that is rotated each time it is used.
//!
//! A refresh token that was used before ends its whole family, whoever shows it (RFC 9700, section 4.14.2).
//! There is no grace: a client that loses the answer to a refresh signs in again.

use std::fmt;

use kontor_core::ids::SignInId;
use serde::Serialize;
use subtle::ConstantTimeEq as _;

use crate::{
    Error, Identity, Result,
    access_token::{self, AUDIENCE, Claims, Verified},
    opaque::{self, RefreshToken, Secret},
    rows::{
        memberships,
        sign_ins::{self, Kind, SignInRow},
    },
};

/// What a client gets, under OAuth's names (RFC 6749, section 5.1).
#[derive(Clone, Serialize, schemars::JsonSchema)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: u64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// What became of a refresh token that was shown.
enum Rotation {
    Unknown,
    Reused(SignInId),
    Rotated(SignInRow),
}

impl Identity {
    /// Trades a refresh token for a new pair. The token given is used up.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens> {
        let shown = RefreshToken::parse(refresh_token).ok_or(Error::InvalidToken)?;
        let row = self.family(shown).await?.ok_or(Error::InvalidToken)?;
        // Before the token is used up: after that, a failure that passes would lose the new one, and the old
        // one shown again would end the family.
        match self.active_member(row.workspace, row.member).await {
            Ok(_) => {}
            Err(Error::MemberInactive | Error::MemberNotFound | Error::WorkspaceNotFound) => {
                self.end_sign_in(row.id).await?;
                return Err(Error::InvalidToken);
            }
            Err(error) => return Err(error),
        }
        let next = shown.rotate(self.environment());
        match self.rotate(shown, next).await? {
            Rotation::Rotated(row) => self.tokens(&row, next),
            Rotation::Unknown => Err(Error::InvalidToken),
            Rotation::Reused(id) => {
                self.0.live.remove(&id);
                tracing::warn!(sign_in = %id, "a used refresh token was shown again: its family ends");
                Err(Error::InvalidToken)
            }
        }
    }

    /// Ends what a refresh token, a cookie or an access token belongs to. What is not known has ended.
    pub async fn sign_out(&self, credential: &str) -> Result<()> {
        if let Some(token) = RefreshToken::parse(credential) {
            return self.end_by_lookup(Kind::Tokens, token.family.hash()).await;
        }
        if let Some(cookie) = Secret::parse(opaque::COOKIE, credential) {
            let ended = self.end_by_lookup(Kind::Browser, cookie.hash()).await;
            self.0.browsers.remove(&cookie.hash());
            return ended;
        }
        match access_token::verify(&self.0.keys, &self.0.settings.issuer, credential) {
            Ok(Verified::Member(claims)) => self.end_sign_in(claims.sid).await,
            Ok(Verified::Agent(_) | Verified::Key(_)) | Err(_) => Ok(()),
        }
    }

    pub(crate) fn tokens(&self, row: &SignInRow, refresh: RefreshToken) -> Result<Tokens> {
        let (now, lifetime) = (self.now(), self.0.settings.access_token_for);
        let claims = Claims {
            iss: self.0.settings.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: row.user,
            workspace_id: row.workspace,
            workspace_member_id: row.member,
            kind: access_token::access_kind(),
            jti: self.environment().new_id(),
            sid: row.id,
            iat: access_token::seconds(now),
            exp: access_token::seconds(now.plus(lifetime)),
        };
        Ok(Tokens {
            access_token: access_token::issue(&self.0.keys, &claims)?,
            refresh_token: refresh.to_text(),
            token_type: "Bearer",
            expires_in: lifetime.as_secs(),
        })
    }

    async fn family(&self, shown: RefreshToken) -> Result<Option<SignInRow>> {
        let now = self.now();
        self.directory()
            .read((shown.family.hash(), now), |tx, (hash, now)| {
                Box::pin(sign_ins::by_lookup(tx, Kind::Tokens, hash, *now, false))
            })
            .await
    }

    async fn rotate(&self, shown: RefreshToken, next: RefreshToken) -> Result<Rotation> {
        let now = self.now();
        let expires_at = now.plus(self.0.settings.refresh_token_for);
        self.directory()
            .write((shown, next), move |tx, (shown, next)| {
                Box::pin(async move {
                    let family = shown.family.hash();
                    let Some(row) = sign_ins::by_lookup(tx, Kind::Tokens, &family, now, true).await? else {
                        return Ok(Rotation::Unknown);
                    };
                    let kept = row.secret_hash.as_deref().unwrap_or_default();
                    if !bool::from(kept.as_bytes().ct_eq(shown.current.hash().as_bytes())) {
                        sign_ins::end(tx, row.id).await?;
                        return Ok(Rotation::Reused(row.id));
                    }
                    sign_ins::renew(tx, row.id, Some(&next.current.hash()), now, expires_at).await?;
                    memberships::note_seen(tx, row.workspace, row.member, now).await?;
                    Ok(Rotation::Rotated(row))
                })
            })
            .await
    }

    async fn end_by_lookup(&self, kind: Kind, hash: String) -> Result<()> {
        let now = self.now();
        let ended: Option<SignInId> = self
            .directory()
            .write(hash, move |tx, hash| {
                Box::pin(async move {
                    let Some(row) = sign_ins::by_lookup(tx, kind, hash, now, true).await? else {
                        return Ok::<_, Error>(None);
                    };
                    sign_ins::end(tx, row.id).await?;
                    Ok(Some(row.id))
                })
            })
            .await?;
        if let Some(id) = ended {
            self.0.live.remove(&id);
        }
        Ok(())
    }

    async fn end_sign_in(&self, id: SignInId) -> Result<()> {
        let ended: Result<()> = self.directory().write(id, |tx, &id| Box::pin(sign_ins::end(tx, id))).await;
        self.0.live.remove(&id);
        ended
    }
}
