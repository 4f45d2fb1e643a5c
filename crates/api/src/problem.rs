//! The one place where an error becomes a response: problem details (RFC 9457).

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kontor_core::error::{ErrorKind, Fault, Issue, Problem};
use schemars::JsonSchema;
use serde::Serialize;

/// The media type of RFC 9457, section 3.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A request that failed, as its sender is told.
#[derive(Debug)]
pub(crate) struct ApiError(Problem);

pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

impl ApiError {
    pub(crate) fn of(problem: Problem) -> Self {
        Self(problem)
    }

    pub(crate) fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self::of(Problem::new(kind, code, message))
    }

    /// One wrong place in the input.
    pub(crate) fn issue(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::of(Problem::invalid(vec![Issue::new(path, code, message)]))
    }

    /// A path that leads nowhere, whether it names nothing or something of another's.
    pub(crate) fn not_found() -> Self {
        Self::new(ErrorKind::NotFound, "not_found", "There is nothing at this address.")
    }

    /// The same, found at `prefix` within a larger body.
    #[must_use]
    pub(crate) fn within(mut self, prefix: &str) -> Self {
        // What a scope lacks is named by the operation and has no place in a body.
        if self.0.needed_scopes().next().is_none() {
            self.0.issues = self.0.issues.into_iter().map(|issue| issue.within(prefix)).collect();
        }
        self
    }

    #[cfg(test)]
    pub(crate) fn problem(&self) -> &Problem {
        &self.0
    }
}

impl<F: Fault> From<F> for ApiError {
    fn from(fault: F) -> Self {
        Self::of(kontor_http::problem_of(&fault))
    }
}

/// The members of RFC 9457, section 3.1, and our own. The type is `about:blank`, so the title is the
/// status's; what a program acts on is the code.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Details<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[Issue]>::is_empty")]
    #[schemars(default)]
    errors: &'a [Issue],
    /// The scopes that the key or token lacks, separated by blanks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    scope: Option<String>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = kontor_http::status(&problem);
        let retry_after = kontor_http::retry_after(&problem);
        let scope = problem.needed_scopes().collect::<Vec<_>>().join(" ");
        let details = Details {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &problem.message,
            code: &problem.code,
            errors: &problem.issues,
            scope: Some(scope).filter(|scope| !scope.is_empty()),
            retry_after,
        };
        let mut response = (status, axum::Json(details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = challenge(status, &problem) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// How to sign in, or with which scopes (RFC 6750, section 3): the error is told only to those who did send a token.
fn challenge(status: StatusCode, problem: &Problem) -> Option<HeaderValue> {
    let bearer = "Bearer realm=\"kontor\"";
    match (status, problem.code.as_ref()) {
        (StatusCode::UNAUTHORIZED, "invalid_token" | "token_expired") => {
            HeaderValue::try_from(format!("{bearer}, error=\"invalid_token\"")).ok()
        }
        (StatusCode::UNAUTHORIZED, _) => Some(HeaderValue::from_static(bearer)),
        (StatusCode::FORBIDDEN, "insufficient_scope") => {
            // The names of operations that were asked for: what is no such name is not repeated in a header.
            let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, '.' | '_' | '*' | ' ');
            let scope = problem.needed_scopes().collect::<Vec<_>>().join(" ");
            let scope: String = scope.chars().filter(|one| is_plain(*one)).collect();
            let text = format!("{bearer}, error=\"insufficient_scope\", scope=\"{scope}\"");
            HeaderValue::try_from(text).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::to_bytes;

    use super::*;

    async fn rendered(error: ApiError) -> (Vec<(String, String)>, serde_json::Value) {
        let response = error.into_response();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (headers, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_problem_tells_what_is_wrong_and_where() {
        let (headers, body) = rendered(ApiError::issue(
            "filter.stagee",
            "unknown_field",
            "deal has no field \"stagee\". Did you mean stage?",
        ))
        .await;
        assert!(headers.contains(&("content-type".into(), "application/problem+json".into())));
        insta::assert_json_snapshot!(body, @r#"
        {
          "type": "about:blank",
          "title": "Bad Request",
          "status": 400,
          "detail": "filter.stagee: deal has no field \"stagee\". Did you mean stage?",
          "code": "invalid_input",
          "errors": [
            {
              "path": "filter.stagee",
              "code": "unknown_field",
              "message": "deal has no field \"stagee\". Did you mean stage?"
            }
          ]
        }
        "#);
    }

    #[tokio::test]
    async fn what_a_scope_lacks_stands_in_the_challenge() {
        let lacking = kontor_core::scope::OutOfScope("deal.find".to_owned());
        let (headers, body) = rendered(lacking.into()).await;
        let expected = "Bearer realm=\"kontor\", error=\"insufficient_scope\", scope=\"deal.find\"";
        assert!(headers.contains(&("www-authenticate".into(), expected.into())), "{headers:?}");
        assert_eq!((body["status"].as_u64(), body["scope"].as_str()), (Some(403), Some("deal.find")));
    }

    #[tokio::test]
    async fn a_limit_tells_when_to_come_back() {
        let problem = Problem::new(ErrorKind::Limited, "too_many_attempts", "Wait a moment.")
            .retry_after(Duration::from_millis(1_200));
        let (headers, body) = rendered(ApiError::of(problem)).await;
        assert!(headers.contains(&("retry-after".into(), "2".into())));
        assert_eq!((body["status"].as_u64(), body["retry_after"].as_u64()), (Some(429), Some(2)));
    }
}
