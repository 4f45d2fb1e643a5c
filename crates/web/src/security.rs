//! What surrounds every page: headers that bound what a browser does with it, the refusal of requests that
//! other sites send in a person's name, a deadline, and the answer to a panic.

use std::{any::Any, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use kontor_core::error::{ErrorKind, Problem};
use tracing::Instrument as _;

use crate::error::PageError;

/// Nothing from elsewhere, no script or style but our own files, no frame around us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// How long a page may take. A stream is answered at once and may last.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) async fn surround(request: Request, next: Next) -> Response {
    let span = tracing::info_span!("page", method = %request.method(), path = request.uri().path());
    let wants_json = accepts_json(&request);
    let mut response = if changes_something(&request) && comes_from_elsewhere(&request) {
        let problem = Problem::new(
            ErrorKind::Forbidden,
            "cross_site_request",
            "This request came from another site. Open the page here and try again.",
        );
        PageError::Problem(problem).into_response()
    } else {
        match tokio::time::timeout(DEADLINE, next.run(request)).instrument(span.clone()).await {
            Ok(response) => response,
            Err(_) => {
                span.in_scope(|| tracing::error!("a page took longer than {DEADLINE:?}"));
                let message = "The page took too long. What it was to write may have been written.";
                let problem = Problem::new(ErrorKind::Unavailable, "request_timeout", message);
                PageError::Problem(problem).into_response()
            }
        }
    };
    crate::error::render(&mut response, wants_json);
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    // Pages show what only one person may see, and must not come back after signing out.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The answer where a page panicked: what it said goes to the log.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = said, "a page panicked");
    PageError::Problem(Problem::internal()).into_response()
}

/// Whether a script asked, which reads JSON, rather than a person.
fn accepts_json(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| {
        accept.starts_with("application/json") || accept.starts_with("text/event-stream")
    })
}

fn changes_something(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers say where a request comes from; one that says neither is held to its token alone.
fn comes_from_elsewhere(request: &Request) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = header("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    match (header("origin"), header("host")) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_none_or(|(_, from)| !from.eq_ignore_ascii_case(host))
        }
        _ => false,
    }
}
