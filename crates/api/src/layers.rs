//! What surrounds every request: its id and span, its deadline, the answer to a panic, the headers of safety.

use std::{any::Any, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use kontor_core::error::{ErrorKind, Problem};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{problem::ApiError, state::ApiState};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Until the head of the response; a stream of events goes on after it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Names the request in the log and in the response, and ends it when it takes too long.
pub(crate) async fn surround(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let id: Uuid = state.environment.new_id();
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let handled = tokio::time::timeout(DEADLINE, next.run(request)).instrument(span.clone()).await;
    let mut response = handled.unwrap_or_else(|_| {
        span.in_scope(|| tracing::error!("a request took longer than {DEADLINE:?}"));
        let slow = "The request took too long. What it was to write may have been written.";
        ApiError::new(ErrorKind::Unavailable, "request_timeout", slow).into_response()
    });
    let headers = response.headers_mut();
    // The text of a UUID is a valid header value.
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The answer where a handler panicked: what it said goes to the log.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(panic = said, "a request panicked");
    ApiError::of(Problem::internal()).into_response()
}

pub(crate) async fn not_found() -> ApiError {
    ApiError::not_found()
}

pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorKind::Invalid, "method_not_allowed", "This address does not know this method.")
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, body::to_bytes, routing::get};
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_without_what_it_said() {
        async fn breaks() {
            panic!("the secret plan")
        }
        let router: Router = Router::new().route("/", get(breaks)).layer(CatchPanicLayer::custom(panicked));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.contains("\"code\":\"internal\"") && !text.contains("secret"), "{text}");
    }
}
