//! A member's consent, fetched by a program with a code that is used once (RFC 6749, section 4.1), by who proves to be
//! the one that asked (RFC 7636, S256 alone).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{caller::Caller, scope::Patterns};
use kontor_store::AuditEntry;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{AgentTokens, OAuthFault, clients::OAuthClient, narrowed, read_scope};
use crate::{
    Error, Identity, Result,
    opaque::{CODE, DELEGATED, RefreshToken, Secret},
    rows::{
        delegations::{self, DelegationRow},
        oauth::{self, CodeRow},
    },
};

/// How long a code may be fetched with.
const CODE_FOR: Duration = Duration::from_secs(60);
/// How long what was granted may lie unused.
const UNUSED_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a member agreed to.
pub struct Consent {
    pub client: OAuthClient,
    pub redirect_uri: String,
    /// Base64url of the SHA-256 of what the program keeps to itself.
    pub challenge: String,
    pub scope: Patterns,
    pub resource: Option<String>,
}

/// A code as a program shows it.
#[derive(Clone, Default)]
pub struct CodeRequest {
    pub code: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub verifier: String,
    pub resource: Option<String>,
}

/// What became of a code or a refresh token that was shown.
enum Traded {
    Unknown,
    Reused,
    Granted(Box<DelegationRow>),
}

impl Identity {
    /// Keeps what a member agreed to, in person; the code that it is fetched with.
    ///
    /// # Errors
    /// [`Error::NotInPerson`]; [`Error::OAuth`] for an address that is not ours.
    pub async fn consent(&self, caller: &Caller, consent: Consent) -> Result<String> {
        let member = caller.member().filter(|_| caller.is_in_person()).ok_or(Error::NotInPerson)?;
        let (secret, now) = (Secret::generate(self.environment()), self.now());
        let scope = narrowed(&consent.scope, None)?;
        let details = json!({ "client": consent.client.client_name, "scope": scope });
        let row = CodeRow {
            code_hash: secret.hash(),
            client: consent.client.client_id.clone(),
            client_name: consent.client.client_name,
            redirect_uri: consent.redirect_uri,
            challenge: consent.challenge,
            user: self.user_of(caller).await?,
            workspace: caller.workspace,
            member,
            scope,
            audience: self.audience(consent.resource.as_deref())?,
            delegation: None,
            expires_at: now.plus(CODE_FOR),
        };
        let kept: Result<()> = self
            .directory()
            .write(row, move |tx, row| {
                Box::pin(async move {
                    oauth::remove_expired_codes(tx, now).await?;
                    oauth::insert_code(tx, row).await?;
                    oauth::note_client(tx, &row.client, now).await
                })
            })
            .await;
        kept?;
        let entry =
            AuditEntry::new("delegation.agreed", format!("client:{}", consent.client.client_id), details);
        self.note(caller, entry).await?;
        Ok(secret.to_text(CODE))
    }

    /// Trades a code for tokens. One that is shown again ends what came of it.
    ///
    /// # Errors
    /// [`Error::OAuth`] in OAuth's words.
    pub async fn redeem_code(&self, asked: CodeRequest) -> Result<AgentTokens> {
        let invalid = || OAuthFault::error("invalid_grant", "The code is not valid, or no longer.");
        let shown = Secret::parse(CODE, &asked.code).ok_or_else(invalid)?;
        let audience = asked.resource.as_deref().map(|resource| self.audience(Some(resource))).transpose()?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(asked.verifier.as_bytes()));
        let (refresh, id) = (RefreshToken::generate(self.environment()), self.environment().new_id());
        let now = self.now();
        let redeemed = self
            .directory()
            .write((shown.hash(), asked, challenge, audience, refresh), move |tx, input| {
                Box::pin(async move {
                    let (hash, asked, challenge, audience, refresh) = input;
                    let Some(row) = oauth::code(tx, hash, now).await? else {
                        return Ok::<_, Error>(Traded::Unknown);
                    };
                    if let Some(delegation) = row.delegation {
                        delegations::end(tx, delegation).await?;
                        return Ok(Traded::Reused);
                    }
                    let is_theirs = row.client == asked.client_id
                        && row.redirect_uri == asked.redirect_uri
                        && bool::from(row.challenge.as_bytes().ct_eq(challenge.as_bytes()))
                        && audience.as_ref().is_none_or(|audience| *audience == row.audience);
                    if !is_theirs {
                        return Ok(Traded::Unknown);
                    }
                    let granted = granted(row, id, refresh, now);
                    delegations::remove_expired(tx, now).await?;
                    delegations::insert(tx, &granted).await?;
                    oauth::use_code(tx, hash, id).await?;
                    Ok(Traded::Granted(Box::new(granted)))
                })
            })
            .await?;
        match redeemed {
            Traded::Granted(row) => self.with_refresh(&row, refresh).await,
            Traded::Unknown => Err(invalid()),
            Traded::Reused => {
                self.0.delegates.clear();
                tracing::warn!("a used authorization code was shown again: what came of it ends");
                Err(invalid())
            }
        }
    }

    /// Trades a program's refresh token for new ones, of the same or a narrower scope. The token given is used up; one
    /// that was used before ends all that came of it.
    ///
    /// # Errors
    /// [`Error::OAuth`] in OAuth's words.
    pub async fn renew_delegation(
        &self,
        refresh_token: &str,
        client_id: Option<&str>,
        scope: Option<&str>,
    ) -> Result<AgentTokens> {
        let invalid = || OAuthFault::error("invalid_grant", "The refresh token is not valid, or no longer.");
        let shown = RefreshToken::parse_as(DELEGATED, refresh_token).ok_or_else(invalid)?;
        let scope = scope.map(read_scope).transpose()?;
        let next = shown.rotate(self.environment());
        let (now, client) = (self.now(), client_id.map(str::to_owned));
        let renewed = self
            .directory()
            .write((shown, next, client, scope.clone()), move |tx, (shown, next, client, scope)| {
                Box::pin(async move {
                    let lookup = shown.family.hash();
                    let Some(row) = delegations::by_refresh(tx, &lookup, now).await? else {
                        return Ok::<_, Error>(Traded::Unknown);
                    };
                    if client.is_some() && *client != row.client {
                        return Ok(Traded::Unknown);
                    }
                    let kept = row.refresh_secret.as_deref().unwrap_or_default();
                    if !bool::from(kept.as_bytes().ct_eq(shown.current.hash().as_bytes())) {
                        delegations::end(tx, row.id).await?;
                        return Ok(Traded::Reused);
                    }
                    if !scope.as_ref().is_none_or(|scope| scope.are_within(&row.scope)) {
                        let message = "The member agreed to less than this scope.";
                        return Err(OAuthFault::error("invalid_scope", message));
                    }
                    let expires_at = now.plus(UNUSED_FOR);
                    delegations::renew(tx, row.id, Some(&next.current.hash()), now, expires_at).await?;
                    Ok(Traded::Granted(Box::new(DelegationRow { expires_at, ..row })))
                })
            })
            .await?;
        match renewed {
            Traded::Granted(row) => {
                // The token has the narrower scope, what was granted keeps its own.
                let scope = scope.unwrap_or_else(|| row.scope.clone());
                self.with_refresh(&DelegationRow { scope, ..*row }, next).await
            }
            Traded::Unknown => Err(invalid()),
            Traded::Reused => {
                self.0.delegates.clear();
                tracing::warn!("a program's used refresh token was shown again: what came of it ends");
                Err(invalid())
            }
        }
    }

    async fn with_refresh(&self, row: &DelegationRow, refresh: RefreshToken) -> Result<AgentTokens> {
        let delegated = self.delegated(row.id).await;
        let (_, act) = delegated.map_err(|error| match error {
            Error::InvalidToken => OAuthFault::error("invalid_grant", "The member may not act any more."),
            other => other,
        })?;
        Ok(AgentTokens { refresh_token: Some(refresh.to_text_as(DELEGATED)), ..self.agent_token(row, act)? })
    }
}

fn granted(
    row: CodeRow,
    id: Uuid,
    refresh: &RefreshToken,
    now: kontor_core::time::Timestamp,
) -> DelegationRow {
    DelegationRow {
        id,
        parent: None,
        sign_in: None,
        user: row.user,
        workspace: row.workspace,
        member: row.member,
        agent: None,
        client: Some(row.client),
        name: row.client_name,
        depth: 0,
        scope: row.scope,
        audience: row.audience,
        refresh_lookup: Some(refresh.family.hash()),
        refresh_secret: Some(refresh.current.hash()),
        created_at: now,
        used_at: now,
        expires_at: now.plus(UNUSED_FOR),
    }
}
