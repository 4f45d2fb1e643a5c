use std::{
    any::Any,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use kontor_core::{
    environment::Environment,
    error::{ErrorKind, Problem},
};
use tracing::Instrument as _;
use uuid::Uuid;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How a face writes a problem.
pub type Refuse = fn(Problem) -> Response;

/// Names the request in the log and in the response, and keeps what is answered out of caches and from being
/// taken for what it is not. To be the outermost layer.
pub async fn identify(State(environment): State<Environment>, request: Request, next: Next) -> Response {
    let id: Uuid = environment.new_id();
    let span = tracing::info_span!("request", %id, method = %request.method(), path = %without_secrets(request.uri().path()));
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let (method, begun) = (request.method().clone(), Instant::now());
    let mut response = next.run(request).instrument(span).await;
    count(method, route, response.status(), begun.elapsed());
    let headers = response.headers_mut();
    // The text of a UUID is a valid header value.
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A path for the log: of the links that are good for whoever has them, only what kind they are.
fn without_secrets(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.strip_prefix("kontor_") {
        Some(secret) => format!("kontor_{}_…", secret.split('_').next().unwrap_or_default()),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Counts an answered request; of a stream, its beginning.
fn count(method: Method, route: String, status: StatusCode, took: Duration) {
    // A method of the client's own invention is not a label.
    let method = match method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    metrics::histogram!("http_request_duration_seconds", "method" => method, "route" => route.clone())
        .record(took.as_secs_f64());
    metrics::counter!("http_requests_total", "method" => method, "route" => route, "status" => status.as_u16().to_string())
        .increment(1);
}

/// How long a request may take, and what is answered then.
#[derive(Clone, Copy)]
pub struct Deadline {
    after: Duration,
    refuse: Refuse,
}

impl Deadline {
    /// Until the head of the response; a stream goes on after it.
    pub fn new(refuse: Refuse) -> Self {
        Self { after: Duration::from_secs(30), refuse }
    }
}

/// Ends a request that takes too long.
pub async fn in_time(State(deadline): State<Deadline>, request: Request, next: Next) -> Response {
    tokio::time::timeout(deadline.after, next.run(request)).await.unwrap_or_else(|_| {
        tracing::error!("a request took longer than {:?}", deadline.after);
        let slow = "The request took too long. What it was to write may have been written.";
        (deadline.refuse)(Problem::new(ErrorKind::Unavailable, "request_timeout", slow))
    })
}

/// The answer where a handler panicked: what it said goes to the log.
pub fn panicked(refuse: Refuse) -> impl Fn(Box<dyn Any + Send>) -> Response + Clone {
    move |panic| {
        let said = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        tracing::error!(panic = said, "a request panicked");
        refuse(Problem::internal())
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::{Body, to_bytes},
        middleware::from_fn_with_state,
        response::IntoResponse as _,
        routing::get,
    };
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[test]
    fn the_log_tells_no_link_that_lets_somebody_in() {
        let path = "/api/invitations/kontor_invite_abc-def_ghi/accept";
        assert_eq!(without_secrets(path), "/api/invitations/kontor_invite_…/accept");
        assert_eq!(without_secrets("/records/deals"), "/records/deals");
    }

    fn refuse(problem: Problem) -> Response {
        (crate::status(&problem), problem.code.into_owned()).into_response()
    }

    async fn answer(router: Router) -> (u16, String, String) {
        let response = router
            .layer(CatchPanicLayer::custom(panicked(refuse)))
            .layer(from_fn_with_state(Deadline { after: Duration::from_millis(20), refuse }, in_time))
            .layer(from_fn_with_state(Environment::system(), identify))
            .oneshot(Request::new(Body::empty()))
            .await
            .unwrap();
        let id = response.headers()[REQUEST_ID].to_str().unwrap().to_owned();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        (status, id, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_what_it_said() {
        async fn breaks() {
            panic!("the secret plan")
        }
        let (status, id, body) = answer(Router::new().route("/", get(breaks))).await;
        assert_eq!((status, id.len(), body.as_str()), (500, 36, "internal"));
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_ended() {
        let (status, id, body) = answer(Router::new().route("/", get(std::future::pending::<()>))).await;
        assert_eq!((status, id.len(), body.as_str()), (503, 36, "request_timeout"));
    }
}
