//! What every request passes before the protocol is looked at.

use std::sync::{Arc, OnceLock};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
};
use rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};
use url::Url;

use crate::refusal::{challenge, refuse};

/// Bytes of a request.
pub const MAX_BODY: usize = 1 << 20;

/// Parameters that clients put a token into. One in an address ends up in logs and histories, so that it counts as given
/// away (RFC 6750, section 2.3; RFC 9700, section 4.3.2).
const TOKENS: [&str; 7] = ["access_token", "token", "api_key", "apikey", "key", "authorization", "bearer"];

/// What both forms of an answer are called: the protocol has each client accept both.
const BOTH: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// Who asks, as the protocol's methods find it, and what they tell the gate.
#[derive(Clone)]
pub(crate) struct Asking {
    pub caller: Arc<Caller>,
    /// The scopes that the call would have needed: it is answered with 403.
    pub missing: Arc<OnceLock<Vec<String>>>,
}

/// What the requests of one address pass.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    /// Our own origin, the one from which a browser may send.
    origin: Option<String>,
    /// Whether it is this machine's own: then its names are alike.
    is_loopback: bool,
    /// The address of the resource's metadata (RFC 9728, section 3.1).
    metadata: String,
}

impl Gate {
    /// The gate of `path` below the address under which the server is reached.
    pub fn new(public_url: &str, path: &str) -> Self {
        let url = Url::parse(public_url).ok();
        Self(Arc::new(Inner {
            origin: url.as_ref().map(|url| url.origin().ascii_serialization()),
            is_loopback: url.as_ref().is_some_and(is_loopback),
            metadata: format!("{public_url}/.well-known/oauth-protected-resource{path}"),
        }))
    }

    /// Whether a page of this origin may send. What is no browser says none.
    fn admits_origin(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return true };
        let (Ok(text), None) = (origin.to_str(), origins.next()) else { return false };
        if self.0.origin.as_deref() == Some(text) {
            return true;
        }
        self.0.is_loopback && Url::parse(text).is_ok_and(|url| is_loopback(&url))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The protocol over HTTP, without sessions: every request stands by itself, and a client that begins one as the
/// revisions before 2026-07-28 have it is answered and nothing of it kept.
pub fn serve<S>(
    server: impl Fn() -> S + Send + Sync + 'static,
) -> StreamableHttpService<S, NeverSessionManager>
where
    S: ServerHandler,
{
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY)
        // Whom a page may send as is what the gate decides; a name that leads here by a trick has no token.
        .disable_allowed_hosts();
    StreamableHttpService::new(move || Ok(server()), Arc::default(), config)
}

/// Lets a request through that has what the protocol and its security ask for.
pub(crate) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    if !gate.admits_origin(&parts.headers) {
        let message = "Pages of other origins may not send to this address.";
        return refuse(Problem::new(ErrorKind::Forbidden, "origin_not_allowed", message));
    }
    if has_token(&parts.uri) {
        let message = "A token in the address counts as given away. Withdraw it, and send one in the header Authorization.";
        return refuse(Problem::new(ErrorKind::Invalid, "token_in_address", message));
    }
    let caller = match kontor_http::sender(&mut parts) {
        Ok(Some(found)) if found.csrf.is_none() => found.caller,
        Ok(_) => {
            let message = "Send an access token in the header Authorization.";
            return gate.unauthenticated(Problem::new(
                ErrorKind::Unauthenticated,
                "unauthenticated",
                message,
            ));
        }
        Err(problem) if problem.kind == ErrorKind::Unauthenticated => return gate.unauthenticated(problem),
        Err(problem) => return refuse(problem),
    };
    if let Some(response) = check_media_types(&mut parts.headers) {
        return response;
    }
    let asking = Asking { caller: Arc::new(caller), missing: Arc::default() };
    parts.extensions.insert(asking.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    match asking.missing.get() {
        Some(scopes) => gate.insufficient(response, scopes),
        None => response,
    }
}

impl Gate {
    fn unauthenticated(&self, problem: Problem) -> Response {
        let code = problem.code.clone();
        let mut response = refuse(problem);
        challenge(&mut response, &self.0.metadata, Some(&code), &[]);
        response
    }

    /// The protocol's answer, with the status that says what is missing.
    fn insufficient(&self, response: Response, scopes: &[String]) -> Response {
        let (mut head, body) = response.into_parts();
        head.status = StatusCode::FORBIDDEN;
        let mut response = Response::from_parts(head, body);
        challenge(&mut response, &self.0.metadata, None, scopes);
        response
    }
}

fn has_token(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| TOKENS.contains(&name.to_ascii_lowercase().as_str()))
}

/// Reads `Accept` as HTTP has it: none, a wildcard or one of the two forms is enough (the transport insists on both
/// names). A request that takes no JSON is told so.
fn check_media_types(headers: &mut HeaderMap) -> Option<Response> {
    let lines: Vec<_> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let accepted = lines.join(",").to_ascii_lowercase();
    let takes =
        |name: &str| accepted.split(',').any(|range| range.split(';').next().map(str::trim) == Some(name));
    if accepted.trim().is_empty() || ["application/json", "application/*", "*/*"].into_iter().any(takes) {
        headers.insert(header::ACCEPT, BOTH);
        return None;
    }
    if takes("text/event-stream") {
        // The transport answers it 406 with what it would have to say.
        return None;
    }
    Some((StatusCode::NOT_ACCEPTABLE, Body::empty()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_sends_from_our_own_origin_alone() {
        let gate = |url: &str| Gate::new(url, "/mcp");
        let from = |gate: &Gate, origin: &'static str| {
            gate.admits_origin(&HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]))
        };
        let public = gate("https://crm.example.com");
        assert!(public.admits_origin(&HeaderMap::new()));
        assert!(from(&public, "https://crm.example.com"));
        for other in ["https://evil.example", "http://crm.example.com", "null", "http://localhost:80", "x"] {
            assert!(!from(&public, other), "{other}");
        }
        let local = gate("http://127.0.0.1:8080");
        assert!(from(&local, "http://localhost:6274") && from(&local, "http://127.0.0.1:8080"));
        assert!(!from(&local, "http://localhost.evil.example") && !from(&local, "https://evil.example"));
    }

    #[test]
    fn a_token_in_the_address_is_seen_however_it_is_written() {
        for (path, expected) in [
            ("/mcp?access_token=x", true),
            ("/mcp?a=1&Api_Key=x", true),
            ("/mcp?a=token", false),
            ("/mcp", false),
        ] {
            assert_eq!(has_token(&path.parse().unwrap()), expected, "{path}");
        }
    }
}
