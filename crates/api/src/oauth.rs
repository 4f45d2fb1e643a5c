//! The token endpoint of OAuth 2 (RFC 6749): refresh tokens, as a form, with OAuth's own errors.

use aide::{
    OperationOutput,
    axum::{ApiRouter, routing::post_with},
    generate::GenContext,
    openapi::{Operation, Response as Described, StatusCode as Code},
};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use kontor_core::error::{ErrorKind, Fault as _};
use kontor_http::MediaType;
use kontor_http::Services;
use kontor_identity::Tokens;
use schemars::JsonSchema;
use serde::Serialize;
use url::form_urlencoded;

use crate::{extract, openapi::Describe as _, problem::ApiError};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT_REFRESH: &str = "refresh_token";

pub(crate) fn routes() -> ApiRouter<Services> {
    let token = post_with(token, |op| {
        op.is("get_token", "Tokens for a grant (RFC 6749)").tag("Sign-in").public().form::<TokenRequest>()
    });
    ApiRouter::new().api_route("/oauth/token", token)
}

async fn token(
    State(state): State<Services>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Tokens>, Refusal> {
    let is_form = MediaType::of(&headers).is_some_and(|given| given.essence == FORM);
    let is_other = headers.contains_key(header::CONTENT_TYPE) && !is_form;
    if is_other || !kontor_http::is_uncoded(&headers) {
        return Err(Refusal::Error("invalid_request", "The body must be application/x-www-form-urlencoded."));
    }
    let form = extract::body::read(body).await.map_err(Refusal::Problem)?;
    let refresh_token = refresh_token(&form)?;
    let refreshed = state.identity.refresh(&refresh_token).await;
    refreshed.map(Json).map_err(|error| match error.problem().kind {
        ErrorKind::Unauthenticated | ErrorKind::Invalid => {
            Refusal::Error("invalid_grant", "The refresh token is not valid, or no longer.")
        }
        _ => Refusal::Problem(error.into()),
    })
}

/// What a form asks for.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a form is read by hand, since what is not known in it is ignored")]
struct TokenRequest {
    grant_type: GrantType,
    refresh_token: String,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what a form may hold")]
enum GrantType {
    RefreshToken,
}

/// A refusal in OAuth's words (RFC 6749, section 5.2).
#[derive(Serialize, JsonSchema)]
struct OAuthError {
    error: &'static str,
    error_description: &'static str,
}

impl OperationOutput for Refusal {
    type Inner = OAuthError;

    fn inferred_responses(
        context: &mut GenContext,
        operation: &mut Operation,
    ) -> Vec<(Option<Code>, Described)> {
        let refused = Json::<OAuthError>::operation_response(context, operation);
        let mut responses = ApiError::inferred_responses(context, operation);
        responses.extend(refused.map(|response| (Some(Code::Code(400)), response)));
        responses
    }
}

fn refresh_token(form: &[u8]) -> Result<String, Refusal> {
    let mut grant_type = None;
    let mut token = None;
    for (name, value) in form_urlencoded::parse(form) {
        let slot = match name.as_ref() {
            "grant_type" => &mut grant_type,
            "refresh_token" => &mut token,
            // What is not known must be ignored (section 3.2).
            _ => continue,
        };
        if slot.replace(value.into_owned()).is_some() {
            return Err(Refusal::Error("invalid_request", "A parameter is given more than once."));
        }
    }
    match (grant_type.as_deref(), token) {
        (Some(GRANT_REFRESH), Some(token)) => Ok(token),
        (Some(GRANT_REFRESH), None) => {
            Err(Refusal::Error("invalid_request", "The parameter refresh_token is missing."))
        }
        (Some(_), _) => Err(Refusal::Error("unsupported_grant_type", "Only refresh_token is supported.")),
        (None, _) => Err(Refusal::Error("invalid_request", "The parameter grant_type is missing.")),
    }
}

#[derive(Debug)]
enum Refusal {
    /// Section 5.2.
    Error(&'static str, &'static str),
    Problem(ApiError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Error(error, description) => {
                let body = OAuthError { error, error_description: description };
                (StatusCode::BAD_REQUEST, Json(body)).into_response()
            }
            Self::Problem(error) => error.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(form: &str) -> &'static str {
        match refresh_token(form.as_bytes()) {
            Err(Refusal::Error(error, _)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_a_refresh_token_is_granted() {
        assert_eq!(refresh_token(b"grant_type=refresh_token&refresh_token=a%2Bb&x=1").unwrap(), "a+b");
        assert_eq!(error("grant_type=password&username=a"), "unsupported_grant_type");
        assert_eq!(error(""), "invalid_request");
        assert_eq!(error("grant_type=refresh_token"), "invalid_request");
        assert_eq!(error("grant_type=refresh_token&refresh_token=a&refresh_token=b"), "invalid_request");
    }
}
