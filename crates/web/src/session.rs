//! Who is looking: the person behind the browser's cookie, and the token their forms carry.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
};
use kontor_http::{Authenticated, MediaType, Services, cookie_lines, csrf_header, sender_of_form};
use kontor_identity::{BrowserSession, Credential, Csrf};

use crate::{
    error::{KeptForm, PageError, Result},
    form::Fields,
};

/// What forms are sent as.
const FORM: &str = "application/x-www-form-urlencoded";

/// The person who is signed in.
pub(crate) struct SignedIn {
    pub caller: Caller,
    pub csrf: Csrf,
    /// What they were let in by.
    pub credential: Credential,
}

/// A form sent by a page of ours: the token, which may be one of its fields, is checked before any other is used.
pub(crate) struct Sent {
    pub caller: Caller,
    pub csrf: Csrf,
    pub fields: Fields,
}

/// The same, for what is about its sender's own sign-in.
pub(crate) struct SentFrom {
    pub sent: Sent,
    /// What they were let in by.
    pub credential: Credential,
    /// Where they are, as far as it is known.
    pub remote: Option<IpAddr>,
}

/// A form in which a person has written something that is not to be lost. One that is not this session's, because
/// its sender has signed in again meanwhile, may be shown to them anew, and nothing else may be done with it.
pub(crate) struct Written {
    pub sent: Sent,
    /// Whether it carries the token of this session.
    pub is_ours: bool,
}

/// What a form that is shown again says first.
pub(crate) const OTHER_SESSION: &str =
    "You have signed in again since this page was opened. Look at what you wrote and send it again.";

/// Gives a browser its session, to be kept as long as it holds, and what it is known by at the next sign-in.
pub(crate) fn keep(services: &Services, session: &BrowserSession, response: impl IntoResponse) -> Response {
    let life = session.expires_at.since(services.environment.now());
    let cookie = services.cookie;
    let known = cookie.known_browser().header(&session.known_browser, session.known_for);
    with_cookies([cookie.header(&session.cookie, life), known], response)
}

/// Takes a browser's session away.
pub(crate) fn forget(services: &Services, response: impl IntoResponse) -> Response {
    with_cookies([services.cookie.header("", Duration::ZERO)], response)
}

/// What the browser was given to be known by; empty where there is nothing.
pub(crate) fn known_browser(services: &Services, headers: &HeaderMap) -> String {
    services.cookie.known_browser().find(cookie_lines(headers)).unwrap_or_default().to_owned()
}

/// What the browser is signed in by.
pub(crate) fn cookie_value<'a>(services: &Services, headers: &'a HeaderMap) -> Option<&'a str> {
    services.cookie.find(cookie_lines(headers))
}

fn with_cookies<const N: usize>(cookies: [String; N], response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    // Tokens are letters and digits, which any header takes.
    for header in cookies.into_iter().filter_map(|cookie| HeaderValue::try_from(cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, header);
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            // One request, one credential: which of two would decide is not to be guessed.
            return Err(PageError::Problem(Problem::new(
                ErrorKind::Invalid,
                "ambiguous_credentials",
                "Pages are for people who sign in; programs use /api.",
            )));
        }
        let back_to = parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        match sender_of_form(parts) {
            Ok(Some(Authenticated { caller, credential, csrf: Some(csrf) })) => {
                Ok(Self { caller, csrf, credential })
            }
            Err(problem) if problem.kind != ErrorKind::Unauthenticated => Err(PageError::Problem(problem)),
            Ok(_) | Err(_) => Err(PageError::SignedOut { back_to, written: None }),
        }
    }
}

impl FromRequest<Services> for Sent {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &Services) -> Result<Self> {
        Ok(SentFrom::from_request(request, state).await?.sent)
    }
}

impl FromRequest<Services> for SentFrom {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &Services) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let remote = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip());
        let SignedIn { caller, csrf, credential } =
            match SignedIn::from_request_parts(&mut parts, state).await {
                // What was sent cannot be sent again after signing in.
                Err(PageError::SignedOut { .. }) => {
                    return Err(PageError::SignedOut { back_to: "/".to_owned(), written: None });
                }
                other => other?,
            };
        let header = csrf_header(&parts.headers).map(str::to_owned);
        let fields = read_fields(Request::from_parts(parts, body), state).await?;
        csrf.verify(header.as_deref().unwrap_or_else(|| fields.get("csrf")))?;
        Ok(Self { sent: Sent { caller, csrf, fields }, credential, remote })
    }
}

impl FromRequest<Services> for Written {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &Services) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, state).await;
        let header = csrf_header(&parts.headers).map(str::to_owned);
        let action = parts.uri.path().to_owned();
        let fields = read_fields(Request::from_parts(parts, body), state).await?;
        let SignedIn { caller, csrf, .. } = match who {
            Err(PageError::SignedOut { .. }) => {
                let written = Some(KeptForm { action, fields: fields.without(&["csrf"]) });
                return Err(PageError::SignedOut { back_to: "/".to_owned(), written });
            }
            other => other?,
        };
        let is_ours = csrf.verify(header.as_deref().unwrap_or_else(|| fields.get("csrf"))).is_ok();
        Ok(Self { sent: Sent { caller, csrf, fields }, is_ours })
    }
}

/// Reads a form's body.
pub(crate) async fn read_fields(request: Request, state: &Services) -> Result<Fields> {
    let has_type = request.headers().contains_key(header::CONTENT_TYPE);
    let is_form = MediaType::of(request.headers()).is_some_and(|given| given.essence == FORM)
        && kontor_http::is_uncoded(request.headers());
    let body = Bytes::from_request(request, state).await.map_err(|rejection| {
        let (code, message) = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("body_too_large", "The form is too large. It may have at most 1 MB.")
            }
            _ => ("unreadable_form", "The form did not arrive whole. Send it again."),
        };
        PageError::Problem(Problem::new(ErrorKind::Invalid, code, message))
    })?;
    // One that says nothing of its type is taken for a form.
    if has_type && !is_form {
        let message = "A form is sent as application/x-www-form-urlencoded.";
        return Err(PageError::Problem(Problem::new(ErrorKind::Invalid, "unsupported_media_type", message)));
    }
    Ok(Fields::parse(&body))
}
