use axum::{extract::FromRequestParts, http::request::Parts};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault as _},
    scope::CHAT,
};
use kontor_http::Authenticated;
use kontor_identity::{Credential, Error};

use crate::problem::{ApiError, Result};

/// The member who asks, in person: by an access token, or by the cookie of the pages. API keys and the tokens of agents
/// are refused: what they may do asks for [`Acting`].
pub(crate) struct SignedIn(pub(crate) Caller);

/// Whoever asks, software among them: a use case behind it asks the caller's grants and scope and nothing else.
pub(crate) struct Acting(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Acting {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self(sender(parts)?.caller))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self(person(parts)?.caller))
    }
}

/// Who talks to agents: a member in person, or software that they let do so.
pub(crate) struct Chatting(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Chatting {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self(chatting(parts)?.caller))
    }
}

/// The same, for an answer that goes on.
pub(crate) struct StreamChatting(pub(crate) Caller, pub(crate) Credential);

impl<S: Send + Sync> FromRequestParts<S> for StreamChatting {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let found = chatting(parts)?;
        Ok(Self(found.caller, found.credential))
    }
}

fn chatting(parts: &mut Parts) -> Result<Authenticated> {
    let found = sender(parts)?;
    if found.caller.delegation.is_some() {
        found.caller.scope.require(CHAT)?;
        return Ok(found);
    }
    if found.caller.is_in_person() { Ok(found) } else { Err(ApiError::of(Error::NotInPerson.problem())) }
}

/// The same as [`Acting`], with what they were let in by.
pub(crate) struct ActingBy(pub(crate) Caller, pub(crate) Credential);

impl<S: Send + Sync> FromRequestParts<S> for ActingBy {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let found = sender(parts)?;
        Ok(Self(found.caller, found.credential))
    }
}

/// The same as [`SignedIn`], for an answer that goes on: with what they were let in by.
pub(crate) struct StreamCaller(pub(crate) Caller, pub(crate) Credential);

impl<S: Send + Sync> FromRequestParts<S> for StreamCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let found = person(parts)?;
        Ok(Self(found.caller, found.credential))
    }
}

fn person(parts: &mut Parts) -> Result<Authenticated> {
    let found = sender(parts)?;
    if found.caller.is_in_person() { Ok(found) } else { Err(ApiError::of(Error::NotInPerson.problem())) }
}

pub(crate) fn sender(parts: &mut Parts) -> Result<Authenticated> {
    kontor_http::sender(parts).map_err(ApiError::of)?.ok_or_else(|| {
        let message = "Sign in with POST /api/auth/login and send the access token as Bearer.";
        ApiError::new(ErrorKind::Unauthenticated, "unauthenticated", message)
    })
}
