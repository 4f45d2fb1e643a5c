//! From a bearer token to a caller.

use std::{net::IpAddr, sync::Arc};

use kontor_core::{caller::Caller, ids::SignInId};
use sha2::{Digest as _, Sha256};

use crate::{
    Error, Identity, Result,
    access_token::{self, Verified},
    api_keys,
    rows::sign_ins,
};

/// Where a request comes in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Door<'d> {
    /// The address that it comes from.
    pub from: Option<IpAddr>,
    /// The path that it is sent to.
    pub path: Option<&'d str>,
}

impl Identity {
    /// The caller an access token stands for. Signing out, a changed password and a membership that ends take
    /// effect within seconds, on this server at once.
    ///
    /// # Errors
    /// `token_expired` or `invalid_token`.
    pub async fn authenticate(&self, bearer: &str) -> Result<Caller> {
        self.authenticate_at(bearer, &Door::default()).await
    }

    /// The same at a door, which API keys and the tokens of software may be bound to: what is not known of it binds
    /// nothing.
    ///
    /// # Errors
    /// As [`Identity::authenticate`]; of a key that it has ended or may not be used from there.
    pub async fn authenticate_at(&self, bearer: &str, door: &Door<'_>) -> Result<Caller> {
        if bearer.starts_with(api_keys::PREFIX) {
            return self.authenticate_key(bearer, door.from).await;
        }
        let verified = self.verified(bearer)?;
        let claims = match &*verified {
            Verified::Member(claims) => claims,
            Verified::Agent(claims) => return self.authenticate_agent(claims, door.path).await,
            Verified::Key(claims) => return self.authenticate_key_token(claims, door).await,
        };
        if claims.is_expired(self.now()) {
            return Err(Error::ExpiredToken);
        }
        self.require_live(claims.sid).await?;
        self.signed_in_caller(claims.workspace_id, claims.workspace_member_id, claims.sub).await
    }

    pub(crate) fn verified(&self, bearer: &str) -> Result<Arc<Verified>> {
        let hash: [u8; 32] = Sha256::digest(bearer.as_bytes()).into();
        if let Some(claims) = self.0.verified.get(&hash) {
            return Ok(claims);
        }
        let claims = Arc::new(access_token::verify(&self.0.keys, &self.0.settings.issuer, bearer)?);
        self.0.verified.insert(hash, Arc::clone(&claims));
        Ok(claims)
    }

    pub(crate) async fn require_live(&self, id: SignInId) -> Result<()> {
        let load = async |_| {
            let asked = (id, self.now());
            let is_live: Result<bool> =
                self.directory().read(asked, |tx, &(id, now)| Box::pin(sign_ins::is_live(tx, id, now))).await;
            if is_live? { Ok(()) } else { Err(Error::InvalidToken) }
        };
        self.0.live.get_or_load(&id, load).await
    }
}
