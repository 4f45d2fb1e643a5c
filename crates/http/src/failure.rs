use axum::http::StatusCode;
use kontor_core::error::{Chain, ErrorKind, Fault, Problem};

/// The problem that a failure is told as. What is a fault of ours, or of what we depend on, goes to the log with
/// its causes, which the problem does not have.
pub fn problem_of(fault: &impl Fault) -> Problem {
    let problem = fault.problem();
    if matches!(problem.kind, ErrorKind::Internal | ErrorKind::Unavailable) {
        tracing::error!(code = %problem.code, error = %Chain(fault), "a request failed");
    }
    problem
}

/// The status of a kind, and of the few codes for which HTTP has a word of its own.
pub fn status(problem: &Problem) -> StatusCode {
    match (problem.kind, problem.code.as_ref()) {
        (_, "stale_version") => StatusCode::PRECONDITION_FAILED,
        (_, "method_not_allowed") => StatusCode::METHOD_NOT_ALLOWED,
        (_, "body_too_large") => StatusCode::PAYLOAD_TOO_LARGE,
        (_, "unsupported_media_type") => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        // The request is well-formed, and what it carries is not (RFC 9110, section 15.5.21).
        (_, "invalid_prompt" | "invalid_role" | "invalid_dataset" | "invalid_run" | "unknown_version") => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        (ErrorKind::Invalid, _) => StatusCode::BAD_REQUEST,
        (ErrorKind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (ErrorKind::Forbidden, _) => StatusCode::FORBIDDEN,
        (ErrorKind::NotFound, _) => StatusCode::NOT_FOUND,
        (ErrorKind::Conflict, _) => StatusCode::CONFLICT,
        (ErrorKind::Limited, _) => StatusCode::TOO_MANY_REQUESTS,
        (ErrorKind::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
        (ErrorKind::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The seconds after which trying again makes sense, for `Retry-After`: rounded up, so that whoever waits as told
/// is not too early.
pub fn retry_after(problem: &Problem) -> Option<u64> {
    let wait = problem.retry_after?.as_micros().div_ceil(1_000_000);
    Some(u64::try_from(wait).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_kind_and_special_code_has_its_status() {
        let cases = [
            (ErrorKind::Invalid, "x", 400),
            (ErrorKind::Invalid, "body_too_large", 413),
            (ErrorKind::Invalid, "unsupported_media_type", 415),
            (ErrorKind::Invalid, "method_not_allowed", 405),
            (ErrorKind::Invalid, "invalid_prompt", 422),
            (ErrorKind::Invalid, "unknown_version", 422),
            (ErrorKind::Unauthenticated, "x", 401),
            (ErrorKind::Forbidden, "x", 403),
            (ErrorKind::NotFound, "x", 404),
            (ErrorKind::Conflict, "x", 409),
            (ErrorKind::Conflict, "stale_version", 412),
            (ErrorKind::Limited, "x", 429),
            (ErrorKind::Unavailable, "x", 503),
            (ErrorKind::Internal, "x", 500),
        ];
        for (kind, code, expected) in cases {
            assert_eq!(status(&Problem::new(kind, code, "")).as_u16(), expected, "{kind:?} {code}");
        }
    }

    #[test]
    fn whoever_waits_as_told_is_not_too_early() {
        let problem = Problem::new(ErrorKind::Limited, "x", "");
        assert_eq!(retry_after(&problem), None);
        let seconds = |millis| retry_after(&problem.clone().retry_after(Duration::from_millis(millis)));
        assert_eq!(
            (seconds(0), seconds(1), seconds(1_000), seconds(1_001)),
            (Some(0), Some(1), Some(1), Some(2))
        );
    }
}
