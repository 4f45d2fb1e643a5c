//! What answers where no handler does.

use axum::response::{IntoResponse as _, Response};
use kontor_core::error::{ErrorKind, Problem};

use crate::problem::ApiError;

/// A problem as this face writes it.
pub fn refuse(problem: Problem) -> Response {
    ApiError::of(problem).into_response()
}

pub(crate) async fn not_found() -> ApiError {
    ApiError::not_found()
}

pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorKind::Invalid, "method_not_allowed", "This address does not know this method.")
}
