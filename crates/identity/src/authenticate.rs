//! From a bearer token to a caller.

use std::{net::IpAddr, sync::Arc};

use kontor_core::{caller::Caller, ids::SignInId};
use sha2::{Digest as _, Sha256};

use crate::{
    Error, Identity, Result,
    access_token::{self, Claims},
    api_keys,
    rows::sign_ins,
};

impl Identity {
    /// The caller an access token stands for. Signing out, a changed password and a membership that ends take
    /// effect within seconds, on this server at once.
    ///
    /// # Errors
    /// `token_expired` or `invalid_token`.
    pub async fn authenticate(&self, bearer: &str) -> Result<Caller> {
        self.authenticate_from(bearer, None).await
    }

    /// The same for an API key as well, used from an address; one that may be used from some networks alone is taken
    /// from anywhere where the address is not known.
    ///
    /// # Errors
    /// As [`Identity::authenticate`]; of a key that it has ended or may not be used from there.
    pub async fn authenticate_from(&self, bearer: &str, from: Option<IpAddr>) -> Result<Caller> {
        if bearer.starts_with(api_keys::PREFIX) {
            return self.authenticate_key(bearer, from).await;
        }
        let claims = self.verified(bearer)?;
        if claims.is_expired(self.now()) {
            return Err(Error::ExpiredToken);
        }
        self.require_live(claims.sid).await?;
        self.signed_in_caller(claims.workspace_id, claims.workspace_member_id, claims.sub).await
    }

    pub(crate) fn verified(&self, bearer: &str) -> Result<Arc<Claims>> {
        let hash: [u8; 32] = Sha256::digest(bearer.as_bytes()).into();
        if let Some(claims) = self.0.verified.get(&hash) {
            return Ok(claims);
        }
        let claims = Arc::new(access_token::verify(&self.0.keys, &self.0.settings.issuer, bearer)?);
        self.0.verified.insert(hash, Arc::clone(&claims));
        Ok(claims)
    }

    async fn require_live(&self, id: SignInId) -> Result<()> {
        let load = async |_| {
            let asked = (id, self.now());
            let is_live: Result<bool> =
                self.directory().read(asked, |tx, &(id, now)| Box::pin(sign_ins::is_live(tx, id, now))).await;
            if is_live? { Ok(()) } else { Err(Error::InvalidToken) }
        };
        self.0.live.get_or_load(&id, load).await
    }
}
