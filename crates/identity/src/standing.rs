//! Whether somebody who was let in may stay: for streams, which outlive the request they began with.

use std::time::Duration;

use kontor_core::{caller::Caller, error::Chain};

use crate::{Error, Identity, Result};

/// The shortest time between two looks.
const MIN_RECHECK_INTERVAL: Duration = Duration::from_millis(50);

/// What a caller was let in by.
#[derive(Clone, Hash)]
pub enum Credential {
    AccessToken(String),
    Cookie(String),
}

impl Identity {
    /// Ends when a credential no longer stands for this caller as they are: they signed out, the token expired,
    /// they were removed, or they may do other things than they might. Notices within
    /// [`IdentitySettings::caller_cache_for`](crate::IdentitySettings) and as long again. Ends as well when that
    /// cannot be found out.
    pub async fn until_revoked(&self, credential: Credential, caller: Caller) {
        loop {
            tokio::time::sleep(self.0.settings.caller_cache_for.max(MIN_RECHECK_INTERVAL)).await;
            match self.caller_of(&credential).await {
                Ok(now) if is_same(&now, &caller) => {}
                Ok(_) | Err(Error::InvalidToken | Error::ExpiredToken | Error::ExpiredKey) => return,
                Err(error) => {
                    tracing::warn!(error = %Chain(&error), "it cannot be found out whether a caller may stay");
                    return;
                }
            }
        }
    }

    async fn caller_of(&self, credential: &Credential) -> Result<Caller> {
        match credential {
            Credential::AccessToken(token) => self.authenticate(token).await,
            Credential::Cookie(cookie) => Ok(self.authenticate_cookie(cookie).await?.0),
        }
    }
}

/// Whether two callers are the same and may do the same, in whatever time zone.
fn is_same(one: &Caller, other: &Caller) -> bool {
    (one.workspace, &one.principal, &one.agent, &one.scope, &one.grants, &one.own)
        == (other.workspace, &other.principal, &other.agent, &other.scope, &other.grants, &other.own)
}
