//! What surrounds every page beside what surrounds every request: headers that bound what a browser does with it,
//! the refusal of requests that other sites send in a person's name, and failures as pages.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use kontor_core::error::{ErrorKind, Problem};

use crate::error::refuse;

/// Nothing from elsewhere, no script or style but our own files, no frame around us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

pub(crate) async fn surround(request: Request, next: Next) -> Response {
    let wants_json = accepts_json(&request);
    let mut response = if changes_something(&request) && comes_from_elsewhere(&request) {
        let problem = Problem::new(
            ErrorKind::Forbidden,
            "cross_site_request",
            "This request came from another site. Open the page here and try again.",
        );
        refuse(problem)
    } else {
        next.run(request).await
    };
    crate::error::render(&mut response, wants_json);
    let leads_to = response.extensions_mut().remove::<LeadsTo>();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, value);
    }
    if let Some(LeadsTo(origin)) = leads_to {
        let policy =
            CONTENT_SECURITY_POLICY.replace("form-action 'self'", &format!("form-action 'self' {origin}"));
        if let Ok(policy) = HeaderValue::try_from(policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    response
}

/// Where a form of a page may lead beside this site: browsers hold what a form is answered with to the page's policy.
#[derive(Clone)]
pub(crate) struct LeadsTo(String);

impl LeadsTo {
    /// The origin of an address, or its scheme where that is a program's own.
    pub(crate) fn of(uri: &str) -> Self {
        let origin = match uri.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => {
                format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or_default())
            }
            _ => format!("{}:", uri.split(':').next().unwrap_or_default()),
        };
        // What would say more than an address in a policy is left out.
        let is_plain = origin.chars().all(|one| one.is_ascii_alphanumeric() || "+-.:/[]".contains(one));
        Self(if is_plain { origin } else { String::new() })
    }
}

/// Whether a script asked, which reads JSON, rather than a person.
pub(crate) fn accepts_json(request: &Request) -> bool {
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
