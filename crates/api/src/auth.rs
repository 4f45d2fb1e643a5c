//! Sign-in for programs, in OAuth's names (RFC 6749, section 5.1).

use aide::axum::{ApiRouter, routing::post_with};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use kontor_http::Services;
use kontor_identity::{SignIn, Tokens};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    extract::{Json, PeerAddress},
    openapi::Describe as _,
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let login = post_with(login, |op| {
        op.is("sign_in", "Tokens for an address and a password").tag("Sign-in").public()
    });
    let refresh = post_with(refresh, |op| {
        op.is("refresh_tokens", "New tokens for a refresh token").tag("Sign-in").public()
    });
    let logout = post_with(logout, |op| {
        op.is("sign_out", "Ends the sign-in of a refresh token").tag("Sign-in").public().answers::<204, ()>()
    });
    ApiRouter::new()
        .api_route("/auth/login", login)
        .api_route("/auth/refresh", refresh)
        .api_route("/auth/logout", logout)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Login {
    email: String,
    password: String,
    /// Id or name; needed where the person has several.
    #[serde(default)]
    workspace: Option<String>,
}

async fn login(
    State(state): State<Services>,
    PeerAddress(remote): PeerAddress,
    headers: HeaderMap,
    Json(login): Json<Login>,
) -> Result<Answer<Tokens>> {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let sign_in = SignIn {
        email: login.email,
        password: login.password,
        workspace: login.workspace,
        remote,
        user_agent: user_agent.map(str::to_owned),
        known_browser: String::new(),
    };
    Ok(Answer(state.identity.sign_in(sign_in).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RefreshToken {
    refresh_token: String,
}

async fn refresh(State(state): State<Services>, Json(given): Json<RefreshToken>) -> Result<Answer<Tokens>> {
    Ok(Answer(state.identity.refresh(&given.refresh_token).await?))
}

/// Ends the sign-in that a refresh token belongs to. A token that is not known any more has none to end.
async fn logout(State(state): State<Services>, Json(given): Json<RefreshToken>) -> Result<StatusCode> {
    state.identity.sign_out(&given.refresh_token).await?;
    Ok(StatusCode::NO_CONTENT)
}
