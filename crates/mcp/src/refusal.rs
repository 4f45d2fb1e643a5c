//! A failure before the protocol: an error of JSON-RPC without the id of a request, with the status that HTTP has for it.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use kontor_core::error::Problem;
use serde_json::json;

/// JSON-RPC's code for a request that is not one (section 5.1).
const INVALID_REQUEST: i32 = -32_600;

/// The answer to a request that does not get as far as the protocol.
pub(crate) fn refuse(problem: Problem) -> Response {
    let status = kontor_http::status(&problem);
    let retry_after = kontor_http::retry_after(&problem);
    let error = json!({
        "code": INVALID_REQUEST,
        "message": problem.message,
        "data": {"code": problem.code, "status": status.as_u16()},
    });
    let mut response = (status, Json(json!({"jsonrpc": "2.0", "id": null, "error": error}))).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// How to sign in (RFC 9728, section 5.1; RFC 6750, section 3): where the metadata of this resource is, and what is wrong
/// with the token of one who sent one.
pub(crate) fn challenge(response: &mut Response, metadata: &str, code: Option<&str>, scopes: &[String]) {
    let mut told = format!("Bearer resource_metadata=\"{metadata}\"");
    match response.status() {
        StatusCode::UNAUTHORIZED => {
            if let Some("invalid_token" | "token_expired") = code {
                told.push_str(", error=\"invalid_token\"");
            }
        }
        _ => told.push_str(", error=\"insufficient_scope\""),
    }
    if !scopes.is_empty() {
        told.push_str(&format!(", scope=\"{}\"", scopes.join(" ")));
    }
    if let Ok(value) = HeaderValue::try_from(told) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
}
