//! The one credential that a request carries, and who has it.

use axum::http::{HeaderMap, Method, header};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
};
use kontor_identity::{Credential, Csrf, Door, Error, SessionCookie};

use crate::Services;

/// Proves that a request with a cookie comes from one of our own pages.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// What a request signs in by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Credentials<'a> {
    /// An access token or an API key (RFC 6750, section 2.1).
    Bearer(&'a str),
    /// The cookie of the pages.
    Cookie(&'a str),
}

/// Whoever sends a request.
#[derive(Clone)]
pub struct Authenticated {
    pub caller: Caller,
    /// What they were let in by, for an answer that goes on.
    pub credential: Credential,
    /// The token that shows that a request comes from our own pages; of one who came by the cookie.
    pub csrf: Option<Csrf>,
}

impl<'a> Credentials<'a> {
    /// What a request carries; none where it carries nothing.
    ///
    /// # Errors
    /// A problem where it carries more than one, or an `Authorization` that is no bearer token: which of two would
    /// decide is not to be guessed.
    pub(crate) fn find(headers: &'a HeaderMap, cookie: SessionCookie) -> Result<Option<Self>, Problem> {
        let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
        let authorization = authorizations.next();
        let cookie = cookie.find(cookie_lines(headers));
        match (authorization, cookie) {
            _ if authorizations.next().is_some() => Err(ambiguous()),
            (Some(_), Some(_)) => Err(ambiguous()),
            (Some(value), None) => {
                let token = value.to_str().ok().and_then(bearer);
                token.map(|token| Some(Self::Bearer(token))).ok_or_else(|| {
                    let message =
                        "The Authorization header must be \"Bearer\" and an access token or an API key.";
                    Problem::new(ErrorKind::Unauthenticated, "invalid_token", message)
                })
            }
            (None, Some(cookie)) => Ok(Some(Self::Cookie(cookie))),
            (None, None) => Ok(None),
        }
    }
}

impl Services {
    /// Whoever has this credential, and shows it at a door.
    ///
    /// # Errors
    /// Where it is none, or none any more.
    pub(crate) async fn authenticate(
        &self,
        credentials: Credentials<'_>,
        door: &Door<'_>,
    ) -> Result<Authenticated, Error> {
        match credentials {
            Credentials::Bearer(token) => Ok(Authenticated {
                caller: self.identity.authenticate_at(token, door).await?,
                credential: Credential::AccessToken(token.to_owned()),
                csrf: None,
            }),
            Credentials::Cookie(cookie) => {
                let (caller, csrf) = self.identity.authenticate_cookie(cookie).await?;
                let credential = Credential::Cookie(cookie.to_owned());
                Ok(Authenticated { caller, credential, csrf: Some(csrf) })
            }
        }
    }
}

/// What a request says in [`CSRF_HEADER`].
pub fn csrf_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok())
}

/// The values of all `Cookie` headers.
pub fn cookie_lines(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Methods that change nothing (RFC 9110, section 9.2.1).
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn ambiguous() -> Problem {
    let message = "Send either an access token or a cookie, and one of it.";
    Problem::new(ErrorKind::Invalid, "ambiguous_credentials", message)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn find(pairs: &[(&'static str, &'static str)]) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_static(value));
        }
        Credentials::find(&headers, SessionCookie::new(false))
            .map(|found| found.map_or_else(String::new, |found| format!("{found:?}")))
            .map_err(|problem| problem.code.to_string())
    }

    #[test]
    fn a_request_signs_in_in_one_way_only() {
        assert_eq!(find(&[("authorization", "bearer abc")]), Ok("Bearer(\"abc\")".into()));
        assert_eq!(find(&[("cookie", "theme=dark; kontor_session=abc")]), Ok("Cookie(\"abc\")".into()));
        assert_eq!(find(&[("cookie", "theme=dark")]), Ok(String::new()));
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
