//! The endpoints of OAuth 2 for programs: tokens for grants (RFC 6749), the exchange of one token for a narrower one
//! (RFC 8693), tokens that are given back (RFC 7009) and programs that register themselves (RFC 7591). Forms, with
//! OAuth's own errors.

mod form;
mod register;
mod token;

use aide::{
    OperationOutput,
    axum::ApiRouter,
    generate::GenContext,
    openapi::{Operation, Response as Described, StatusCode as Code},
};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use kontor_core::error::{ErrorKind, Fault as _};
use kontor_http::Services;
use kontor_identity::Error;
use schemars::JsonSchema;
use serde::Serialize;

pub(crate) use self::token::GRANT_TYPES;
use crate::problem::ApiError;

pub(crate) fn routes() -> ApiRouter<Services> {
    ApiRouter::new().merge(token::routes()).merge(register::routes())
}

/// A refusal in OAuth's words (RFC 6749, section 5.2).
#[derive(Serialize, JsonSchema)]
struct OAuthError {
    error: &'static str,
    error_description: String,
}

#[derive(Debug)]
enum Refusal {
    /// Section 5.2.
    Error(&'static str, String),
    Problem(ApiError),
}

impl Refusal {
    fn error(code: &'static str, description: impl Into<String>) -> Self {
        Self::Error(code, description.into())
    }

    /// What identity says of a grant.
    fn of_grant(error: Error) -> Self {
        match error {
            Error::OAuth(fault) => Self::Error(fault.code, fault.description),
            error => match error.problem().kind {
                ErrorKind::Unauthenticated | ErrorKind::Invalid => {
                    Self::error("invalid_grant", "What was shown is not valid, or no longer.")
                }
                _ => Self::Problem(error.into()),
            },
        }
    }
}

impl OperationOutput for Refusal {
    type Inner = OAuthError;

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<Code>, Described)> {
        let mut responses = ApiError::inferred_responses(context, operation);
        for code in [400, 401] {
            let refused = Json::<OAuthError>::operation_response(context, operation);
            responses.extend(refused.map(|response| (Some(Code::Code(code)), response)));
        }
        responses
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Error(error, error_description) => {
                let status = match error {
                    "invalid_client" => StatusCode::UNAUTHORIZED,
                    "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::BAD_REQUEST,
                };
                (status, Json(OAuthError { error, error_description })).into_response()
            }
            Self::Problem(error) => error.into_response(),
        }
    }
}
