//! Sign-in for programs, in OAuth's names (RFC 6749, section 5.1).

use axum::{
    Json as Answer, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use kontor_identity::{SignIn, Tokens};
use serde::Deserialize;

use crate::{
    extract::{Json, PeerAddress},
    problem::Result,
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new()
        .route("/auth/login", post(login))
        .route("/auth/refresh", post(refresh))
        .route("/auth/logout", post(logout))
}

#[derive(Deserialize)]
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

#[derive(Deserialize)]
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
