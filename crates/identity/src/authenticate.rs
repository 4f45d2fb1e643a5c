//! From a bearer token to a caller.

use std::sync::Arc;

use kontor_core::{caller::Caller, ids::SignInId};
use sha2::{Digest as _, Sha256};

use crate::{
    Error, Identity, Result,
    access_token::{self, Claims},
    rows::sign_ins,
};

impl Identity {
    /// The caller an access token stands for. Signing out, a changed password and a membership that ends take
    /// effect within seconds, on this server at once.
    ///
    /// # Errors
    /// `token_expired` or `invalid_token`.
    pub async fn authenticate(&self, bearer: &str) -> Result<Caller> {
        let claims = self.verified(bearer)?;
        if claims.is_expired(self.now()) {
            return Err(Error::ExpiredToken);
        }
        self.require_live(claims.sid).await?;
        self.signed_in_caller(claims.workspace_id, claims.workspace_member_id, claims.sub).await
    }

    fn verified(&self, bearer: &str) -> Result<Arc<Claims>> {
        let (hash, now): ([u8; 32], _) = (Sha256::digest(bearer.as_bytes()).into(), self.now());
        if let Some(claims) = self.0.verified.get(&hash, now) {
            return Ok(claims);
        }
        let generation = self.0.verified.generation();
        let claims = Arc::new(access_token::verify(&self.0.keys, &self.0.settings.issuer, bearer)?);
        self.0.verified.insert(hash, Arc::clone(&claims), now, generation);
        Ok(claims)
    }

    async fn require_live(&self, id: SignInId) -> Result<()> {
        let now = self.now();
        if self.0.live.get(&id, now).is_some() {
            return Ok(());
        }
        let generation = self.0.live.generation();
        let is_live: Result<bool> =
            self.directory().read((id, now), |tx, &(id, now)| Box::pin(sign_ins::is_live(tx, id, now))).await;
        if !is_live? {
            return Err(Error::InvalidToken);
        }
        self.0.live.insert(id, (), now, generation);
        Ok(())
    }
}
