//! Short-lived tokens of API keys, for programs that know OAuth's client credentials alone (RFC 6749, section 4.4).

use std::sync::Arc;

use kontor_core::{caller::Caller, ids::WorkspaceId, scope::Patterns};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{KeyHolder, KeyText};
use crate::{
    AgentTokens, Door, Error, Identity, OAuthFault, Result, access_token,
    agent_token::is_for,
    delegations::{narrowed, read_scope},
};

/// The `type` of such a token.
pub(crate) const KEY: &str = "api_key";

/// What such a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyClaims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    /// The key, with which it ends.
    pub(crate) sub: Uuid,
    pub(crate) workspace_id: WorkspaceId,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) scope: String,
    pub(crate) jti: Uuid,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

impl Identity {
    /// A token for an API key, which is the secret of the client `id`; of the key's scope or a narrower one.
    ///
    /// # Errors
    /// [`Error::OAuth`] in OAuth's words.
    pub async fn key_token(
        &self,
        id: &str,
        key: &str,
        scope: Option<&str>,
        resource: Option<&str>,
        door: &Door<'_>,
    ) -> Result<AgentTokens> {
        let invalid = || OAuthFault::error("invalid_client", "The API key is not valid, or no longer.");
        let text = KeyText::parse(key).ok_or_else(invalid)?;
        let caller = self.authenticate_key(key, door.from).await.map_err(|error| match error {
            Error::InvalidToken | Error::ExpiredKey | Error::KeyNotFromHere => invalid(),
            other => other,
        })?;
        let key_id = caller.principal.id().ok_or_else(invalid)?;
        if !id.is_empty() && id != key_id.to_string() {
            return Err(invalid());
        }
        let has = caller.scope.as_patterns();
        let asked = scope.map(read_scope).transpose()?.or_else(|| has.clone()).ok_or_else(invalid)?;
        let granted = narrowed(&asked, has.as_ref())?;
        let (now, lifetime) = (self.now(), self.0.settings.agent_token_for);
        let scope = granted.iter().collect::<Vec<_>>().join(" ");
        let claims = KeyClaims {
            iss: self.0.settings.issuer.clone(),
            aud: self.audience(resource)?,
            sub: key_id,
            workspace_id: text.workspace,
            kind: KEY.to_owned(),
            scope: scope.clone(),
            jti: self.environment().new_id(),
            iat: access_token::seconds(now),
            exp: access_token::seconds(now.plus(lifetime)),
        };
        Ok(AgentTokens {
            access_token: access_token::issue(&self.0.keys, &claims)?,
            issued_token_type: None,
            token_type: "Bearer",
            expires_in: lifetime.as_secs(),
            scope,
            refresh_token: None,
        })
    }

    /// The caller of such a token at a door: the key's, within the token's scope.
    ///
    /// # Errors
    /// As [`Identity::authenticate_key`].
    pub(crate) async fn authenticate_key_token(&self, claims: &KeyClaims, door: &Door<'_>) -> Result<Caller> {
        if access_token::seconds(self.now()) >= claims.exp {
            return Err(Error::ExpiredToken);
        }
        if !door.path.is_none_or(|path| is_for(&claims.aud, &self.0.settings.issuer, path)) {
            return Err(Error::InvalidToken);
        }
        let kept = (claims.workspace_id, claims.sub.to_string());
        let load = async |_| self.read_key(claims.workspace_id, super::enter::Wanted::Id(claims.sub)).await;
        let holder: Arc<KeyHolder> = self.0.api_keys.get_or_load(&kept, load).await?;
        let scope = Patterns::new(claims.scope.split(' ').map(str::to_owned).collect());
        Ok(self.let_in(&holder, door.from)?.within_scope(&scope))
    }
}
