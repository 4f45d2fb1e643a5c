//! Access tokens: JSON Web Tokens (RFC 7519) signed with EdDSA, and nothing else accepted.

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use kontor_core::{
    ids::{MemberId, SignInId, UserId, WorkspaceId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    Error, Result,
    agent_token::{AGENT, AgentClaims},
    api_keys::{KEY, KeyClaims},
    keys::SigningKeys,
};

pub(crate) const AUDIENCE: &str = "kontor";
const ACCESS: &str = "access";
/// Longer texts are no tokens of ours and are not looked at.
const MAX_LENGTH: usize = 4_096;

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: UserId,
    pub(crate) workspace_id: WorkspaceId,
    pub(crate) workspace_member_id: MemberId,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) jti: Uuid,
    /// The sign-in it came from, with which it ends.
    pub(crate) sid: SignInId,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

/// What a token that we signed says.
#[derive(Debug)]
pub(crate) enum Verified {
    /// Of a member in person.
    Member(Claims),
    /// Of software that acts for a member.
    Agent(AgentClaims),
    /// Of an API key.
    Key(KeyClaims),
}

impl Verified {
    pub(crate) fn member(&self) -> Option<&Claims> {
        match self {
            Self::Member(claims) => Some(claims),
            Self::Agent(_) | Self::Key(_) => None,
        }
    }

    pub(crate) fn agent(&self) -> Option<&AgentClaims> {
        match self {
            Self::Member(_) | Self::Key(_) => None,
            Self::Agent(claims) => Some(claims),
        }
    }
}

impl Claims {
    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        seconds(now) >= self.exp
    }
}

/// Whole seconds since the epoch, as JWTs count time.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}

pub(crate) fn access_kind() -> String {
    ACCESS.to_owned()
}

pub(crate) fn issue(keys: &SigningKeys, claims: &impl Serialize) -> Result<String> {
    let (kid, key) = keys.newest();
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, key).map_err(Error::Key)
}

/// Verifies the signature and what the token says about itself, its expiry excepted: that is asked each time
/// it is used.
pub(crate) fn verify(keys: &SigningKeys, issuer: &str, token: &str) -> Result<Verified> {
    if token.len() > MAX_LENGTH {
        return Err(Error::InvalidToken);
    }
    let header = decode_header(token).map_err(|_| Error::InvalidToken)?;
    let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or(Error::InvalidToken)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[issuer]);
    // Which audience is right follows from the kind of token.
    validation.validate_aud = false;
    // The library would ask the system's clock; the caller asks the injected one.
    validation.validate_exp = false;
    let said = decode::<Json>(token, key, &validation).map_err(|_| Error::InvalidToken)?.claims;
    let kind = said.get("type").and_then(Json::as_str).map(str::to_owned);
    match kind.as_deref() {
        Some(ACCESS) => {
            let claims: Claims = serde_json::from_value(said).map_err(|_| Error::InvalidToken)?;
            if claims.aud == AUDIENCE { Ok(Verified::Member(claims)) } else { Err(Error::InvalidToken) }
        }
        Some(AGENT) => {
            let claims: AgentClaims = serde_json::from_value(said).map_err(|_| Error::InvalidToken)?;
            if claims.aud.starts_with(issuer) {
                Ok(Verified::Agent(claims))
            } else {
                Err(Error::InvalidToken)
            }
        }
        Some(KEY) => {
            let claims: KeyClaims = serde_json::from_value(said).map_err(|_| Error::InvalidToken)?;
            if claims.aud.starts_with(issuer) { Ok(Verified::Key(claims)) } else { Err(Error::InvalidToken) }
        }
        _ => Err(Error::InvalidToken),
    }
}
