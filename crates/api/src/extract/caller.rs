use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use kontor_core::{caller::Caller, error::ErrorKind};
use kontor_identity::{Credential, SessionCookie};

use crate::{
    problem::{ApiError, Result},
    state::ApiState,
};

/// Proves that a request with a cookie comes from one of our own pages.
const CSRF_HEADER: &str = "x-csrf-token";

/// The one who asks: by an access token, or by the cookie of the pages.
pub(crate) struct SignedIn(pub(crate) Caller);

impl FromRequestParts<ApiState> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self> {
        Ok(Self(Credentials::find(&parts.headers, state.cookie)?.caller(parts, state).await?))
    }
}

/// The one who asks, for an answer that goes on: with what they were let in by.
pub(crate) struct StreamCaller(pub(crate) Caller, pub(crate) Credential);

impl FromRequestParts<ApiState> for StreamCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self> {
        let credentials = Credentials::find(&parts.headers, state.cookie)?;
        let caller = credentials.caller(parts, state).await?;
        let credential = match credentials {
            Credentials::Bearer(token) => Credential::AccessToken(token.to_owned()),
            Credentials::Cookie(cookie) => Credential::Cookie(cookie.to_owned()),
        };
        Ok(Self(caller, credential))
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Credentials<'a> {
    Bearer(&'a str),
    Cookie(&'a str),
}

impl<'a> Credentials<'a> {
    async fn caller(self, parts: &Parts, state: &ApiState) -> Result<Caller> {
        match self {
            Self::Bearer(token) => Ok(state.identity.authenticate(token).await?),
            Self::Cookie(cookie) => {
                let (caller, csrf) = state.identity.authenticate_cookie(cookie).await?;
                if !is_safe(&parts.method) {
                    let given = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
                    csrf.verify(given.unwrap_or_default())?;
                }
                Ok(caller)
            }
        }
    }

    fn find(headers: &'a HeaderMap, cookie: SessionCookie) -> Result<Self> {
        let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
        let authorization = authorizations.next();
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let cookie = cookie.find(lines);
        match (authorization, cookie) {
            _ if authorizations.next().is_some() => Err(ambiguous()),
            (Some(_), Some(_)) => Err(ambiguous()),
            (Some(value), None) => {
                let token = value.to_str().ok().and_then(bearer);
                token.map(Self::Bearer).ok_or_else(|| {
                    let message = "The Authorization header must be \"Bearer\" and an access token.";
                    ApiError::new(ErrorKind::Unauthenticated, "invalid_token", message)
                })
            }
            (None, Some(cookie)) => Ok(Self::Cookie(cookie)),
            (None, None) => {
                let message = "Sign in with POST /api/auth/login and send the access token as Bearer.";
                Err(ApiError::new(ErrorKind::Unauthenticated, "unauthenticated", message))
            }
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Methods that change nothing (RFC 9110, section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn ambiguous() -> ApiError {
    let message = "Send either an access token or a cookie, and one of it.";
    ApiError::new(ErrorKind::Invalid, "ambiguous_credentials", message)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn find(pairs: &[(&'static str, &'static str)]) -> std::result::Result<String, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Credentials::find(&headers, SessionCookie::new(false))
            .map(|found| format!("{found:?}"))
            .map_err(|error| error.problem().code.to_string())
    }

    #[test]
    fn a_request_signs_in_in_one_way_only() {
        assert_eq!(find(&[("authorization", "bearer abc")]), Ok("Bearer(\"abc\")".into()));
        assert_eq!(find(&[("cookie", "theme=dark; kontor_session=abc")]), Ok("Cookie(\"abc\")".into()));
        assert_eq!(find(&[("cookie", "theme=dark")]), Err("unauthenticated".into()));
        assert_eq!(find(&[("authorization", "Basic abc")]), Err("invalid_token".into()));
        assert_eq!(find(&[("authorization", "Bearer ")]), Err("invalid_token".into()));
        for both in [
            [("authorization", "Bearer a"), ("cookie", "kontor_session=b")],
            [("authorization", "Bearer a"), ("authorization", "Bearer b")],
        ] {
            assert_eq!(find(&both), Err("ambiguous_credentials".into()));
        }
    }
}
