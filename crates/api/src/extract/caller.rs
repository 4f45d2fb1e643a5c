use axum::{extract::FromRequestParts, http::request::Parts};
use kontor_core::{caller::Caller, error::ErrorKind};
use kontor_http::{Authenticated, Credentials, Services};
use kontor_identity::Credential;

use crate::problem::{ApiError, Result};

/// The one who asks: by an access token, or by the cookie of the pages.
pub(crate) struct SignedIn(pub(crate) Caller);

impl FromRequestParts<Services> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self> {
        Ok(Self(authenticated(parts, services).await?.caller))
    }
}

/// The one who asks, for an answer that goes on: with what they were let in by.
pub(crate) struct StreamCaller(pub(crate) Caller, pub(crate) Credential);

impl FromRequestParts<Services> for StreamCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, services: &Services) -> Result<Self> {
        let found = authenticated(parts, services).await?;
        Ok(Self(found.caller, found.credential))
    }
}

async fn authenticated(parts: &Parts, services: &Services) -> Result<Authenticated> {
    let credentials = Credentials::find(&parts.headers, services.cookie).map_err(ApiError::of)?;
    let Some(credentials) = credentials else {
        let message = "Sign in with POST /api/auth/login and send the access token as Bearer.";
        return Err(ApiError::new(ErrorKind::Unauthenticated, "unauthenticated", message));
    };
    Ok(services.authenticate(credentials, parts).await?)
}
