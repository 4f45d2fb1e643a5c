//! What members let software do for them: agent tokens, which narrow what their member may do, and never widen it.
//!
//! | module | holds |
//! |---|---|
//! | `exchange` | a token for a narrower one (RFC 8693) |
//! | `enter` | from such a token to a caller |
//! | `codes` | a member's consent, fetched by a program with a code (RFC 6749, section 4.1) |
//! | `clients` | programs that register themselves (RFC 7591) |
//! | `seen` | delegations as their member sees and ends them |

mod clients;
mod codes;
mod enter;
mod exchange;
mod seen;

use kontor_core::{scope::Patterns, text};
use serde::Serialize;

pub(crate) use self::enter::Delegate;
pub use self::{
    clients::{NewOAuthClient, OAuthClient},
    codes::{CodeRequest, Consent},
    enter::AgentAccount,
    exchange::Exchange,
    seen::Delegation,
};
use crate::{
    Error, Identity, Result, access_token,
    agent_token::{AGENT, Act, AgentClaims},
    rows::delegations::DelegationRow,
};

/// A refusal in OAuth's words (RFC 6749, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthFault {
    /// Such as `invalid_grant`.
    pub code: &'static str,
    pub description: String,
}

impl OAuthFault {
    pub(crate) fn error(code: &'static str, description: impl Into<String>) -> Error {
        Error::OAuth(Self { code, description: description.into() })
    }
}

/// A token of software, under OAuth's names.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct AgentTokens {
    pub access_token: String,
    /// What was issued in exchange for another token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    /// What was granted, which may be less than was asked for.
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

impl Identity {
    /// A token of a delegation, which lasts for minutes.
    pub(crate) fn agent_token(&self, row: &DelegationRow, act: Act) -> Result<AgentTokens> {
        let (now, lifetime) = (self.now(), self.0.settings.agent_token_for);
        let scope = row.scope.iter().collect::<Vec<_>>().join(" ");
        let claims = AgentClaims {
            iss: self.0.settings.issuer.clone(),
            aud: row.audience.clone(),
            sub: row.user,
            workspace_id: row.workspace,
            workspace_member_id: row.member,
            kind: AGENT.to_owned(),
            agent_id: act.sub,
            act,
            agent_session_id: row.id,
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

    /// Which of our addresses a token is asked for (RFC 8707): all of them where none is named.
    pub(crate) fn audience(&self, resource: Option<&str>) -> Result<String> {
        let issuer = self.0.settings.issuer.as_str();
        let Some(resource) = resource else { return Ok(issuer.to_owned()) };
        let is_ours = resource.strip_prefix(issuer).is_some_and(|path| {
            (path.is_empty() || path.starts_with('/'))
                && !path.contains(['?', '#', ' '])
                && !path.contains("..")
        });
        if is_ours {
            return Ok(resource.trim_end_matches('/').to_owned());
        }
        let told = text::excerpt(resource, 100);
        Err(OAuthFault::error("invalid_target", format!("{told:?} is no address of this server.")))
    }
}

/// A scope as OAuth writes it: names separated by blanks.
pub(crate) fn read_scope(text: &str) -> Result<Patterns> {
    let given: Vec<String> = text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    crate::api_keys::read_scopes("scope", &given).map_err(|issues| {
        let message = issues.into_iter().next().map(|issue| issue.message).unwrap_or_default();
        OAuthFault::error("invalid_scope", message)
    })
}

/// What of a scope that is asked for there is to give.
pub(crate) fn narrowed(asked: &Patterns, has: Option<&Patterns>) -> Result<Patterns> {
    let granted = has.map_or_else(|| asked.clone(), |has| asked.intersect(has));
    if granted.iter().next().is_some() {
        return Ok(granted);
    }
    Err(OAuthFault::error("invalid_scope", "The token that was shown allows nothing of this scope."))
}
