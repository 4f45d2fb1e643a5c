//! Access tokens: JSON Web Tokens (RFC 7519) signed with EdDSA, and nothing else accepted.

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use kontor_core::{
    ids::{MemberId, SignInId, UserId, WorkspaceId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Result, keys::SigningKeys};

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

pub(crate) fn issue(keys: &SigningKeys, claims: &Claims) -> Result<String> {
    let (kid, key) = keys.newest();
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, key).map_err(Error::Key)
}

/// Verifies the signature and what the token says about itself, its expiry excepted: that is asked each time
/// it is used.
pub(crate) fn verify(keys: &SigningKeys, issuer: &str, token: &str) -> Result<Claims> {
    if token.len() > MAX_LENGTH {
        return Err(Error::InvalidToken);
    }
    let header = decode_header(token).map_err(|_| Error::InvalidToken)?;
    let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or(Error::InvalidToken)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[AUDIENCE]);
    // The library would ask the system's clock; the caller asks the injected one.
    validation.validate_exp = false;
    let claims = decode::<Claims>(token, key, &validation).map_err(|_| Error::InvalidToken)?.claims;
    if claims.kind == ACCESS { Ok(claims) } else { Err(Error::InvalidToken) }
}
