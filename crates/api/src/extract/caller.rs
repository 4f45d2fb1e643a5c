use axum::{extract::FromRequestParts, http::request::Parts};
use kontor_core::{caller::Caller, error::ErrorKind};
use kontor_http::Authenticated;
use kontor_identity::Credential;

use crate::problem::{ApiError, Result};

/// The one who asks: by an access token, or by the cookie of the pages.
pub(crate) struct SignedIn(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self(sender(parts)?.caller))
    }
}

/// The one who asks, for an answer that goes on: with what they were let in by.
pub(crate) struct StreamCaller(pub(crate) Caller, pub(crate) Credential);

impl<S: Send + Sync> FromRequestParts<S> for StreamCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let found = sender(parts)?;
        Ok(Self(found.caller, found.credential))
    }
}

fn sender(parts: &mut Parts) -> Result<Authenticated> {
    kontor_http::sender(parts).map_err(ApiError::of)?.ok_or_else(|| {
        let message = "Sign in with POST /api/auth/login and send the access token as Bearer.";
        ApiError::new(ErrorKind::Unauthenticated, "unauthenticated", message)
    })
}
