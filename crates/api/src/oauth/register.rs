//! Programs that register themselves (RFC 7591).

use aide::axum::{ApiRouter, routing::post_with};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_http::Services;
use kontor_identity::NewOAuthClient;
use schemars::JsonSchema;
use serde::Serialize;

use super::Refusal;
use crate::{
    extract::{Json, PeerAddress},
    openapi::Describe as _,
    problem::ApiError,
};

pub(super) fn routes() -> ApiRouter<Services> {
    let register = post_with(register, |op| {
        op.is("register_client", "Registers a program, which members may let in then (RFC 7591)")
            .tag("Sign-in")
            .public()
            .answers::<201, Answer<Registered>>()
    });
    ApiRouter::new().api_route("/oauth/register", register)
}

/// A program as it is registered (section 3.2.1).
#[derive(Serialize, JsonSchema)]
struct Registered {
    client_id: String,
    client_name: String,
    redirect_uris: Vec<String>,
    client_id_issued_at: i64,
    grant_types: [&'static str; 2],
    response_types: [&'static str; 1],
    token_endpoint_auth_method: &'static str,
}

async fn register(
    State(state): State<Services>,
    PeerAddress(remote): PeerAddress,
    Json(new): Json<NewOAuthClient>,
) -> Result<(StatusCode, Answer<Registered>), Refusal> {
    if let Some(refusal) = state.rate_limits.count_registration(remote) {
        return Err(Refusal::Problem(ApiError::of(refusal)));
    }
    let client = state.identity.register_client(new).await.map_err(Refusal::of_grant)?;
    let now = state.environment.now().micros() / 1_000_000;
    Ok((
        StatusCode::CREATED,
        Answer(Registered {
            client_id: client.client_id,
            client_name: client.client_name,
            redirect_uris: client.redirect_uris,
            client_id_issued_at: now,
            grant_types: ["authorization_code", "refresh_token"],
            response_types: ["code"],
            token_endpoint_auth_method: "none",
        }),
    ))
}
