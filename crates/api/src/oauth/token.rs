//! Tokens for grants, and tokens that are given back.

use std::net::IpAddr;

use aide::axum::{ApiRouter, routing::post_with};
use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kontor_http::Services;
use kontor_identity::{AgentTokens, CodeRequest, Door, Exchange, Tokens};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Refusal, form::Form};
use crate::{extract::PeerAddress, openapi::Describe as _};

/// The grants there are.
pub(crate) const GRANT_TYPES: [&str; 4] =
    ["authorization_code", "refresh_token", "client_credentials", EXCHANGE];
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// The type of what is exchanged and issued (RFC 8693, section 3).
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// What the refresh tokens of software begin with.
const DELEGATED: &str = "kontor_dt_";

pub(super) fn routes() -> ApiRouter<Services> {
    let token = post_with(token, |op| {
        op.is("get_token", "Tokens for a grant (RFC 6749), or a narrower one for a token (RFC 8693)")
            .tag("Sign-in")
            .public()
            .form::<TokenRequest>()
    });
    let revoke = post_with(revoke, |op| {
        op.is("revoke_token", "Ends what a token belongs to (RFC 7009)")
            .tag("Sign-in")
            .public()
            .form::<RevocationRequest>()
            .answers::<200, ()>()
    });
    ApiRouter::new().api_route("/oauth/token", token).api_route("/oauth/revoke", revoke)
}

/// What a form asks for.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a form is read by hand, since what is not known in it is ignored")]
struct TokenRequest {
    grant_type: GrantType,
    /// Of `refresh_token`.
    #[schemars(default)]
    refresh_token: Option<String>,
    /// Of a token exchange: the access token of a member or of software.
    #[schemars(default)]
    subject_token: Option<String>,
    /// `urn:ietf:params:oauth:token-type:access_token`.
    #[schemars(default)]
    subject_token_type: Option<String>,
    /// Operations and patterns, separated by blanks.
    #[schemars(default)]
    scope: Option<String>,
    /// The name of an agent that acts by the new token.
    #[schemars(default)]
    agent: Option<String>,
    /// Which of this server's addresses the token is for.
    #[schemars(default)]
    resource: Option<String>,
    /// The same.
    #[schemars(default)]
    audience: Option<String>,
    /// Of `authorization_code`.
    #[schemars(default)]
    code: Option<String>,
    #[schemars(default)]
    code_verifier: Option<String>,
    #[schemars(default)]
    redirect_uri: Option<String>,
    /// Of a program; of `client_credentials` the id of an API key.
    #[schemars(default)]
    client_id: Option<String>,
    /// Of `client_credentials`: the API key.
    #[schemars(default)]
    client_secret: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what a form may hold")]
enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    #[schemars(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "a form is read by hand, since what is not known in it is ignored")]
struct RevocationRequest {
    /// An access or refresh token.
    token: String,
}

/// A member's tokens, or those of software.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Granted {
    Member(Tokens),
    Agent(AgentTokens),
}

async fn token(
    State(state): State<Services>,
    PeerAddress(from): PeerAddress,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Granted>, Refusal> {
    let form = Form::read(&headers, body).await?;
    let grant = form.require("grant_type")?;
    let granted = match grant {
        "refresh_token" => refreshed(&state, &form).await,
        EXCHANGE => exchanged(&state, &form).await,
        "authorization_code" => fetched(&state, &form).await,
        "client_credentials" => by_key(&state, &headers, &form, from).await,
        _ => {
            let message = format!("The grants there are: {}.", GRANT_TYPES.join(", "));
            Err(Refusal::error("unsupported_grant_type", message))
        }
    };
    granted.map(Json)
}

async fn refreshed(state: &Services, form: &Form) -> Result<Granted, Refusal> {
    let token = form.require("refresh_token")?;
    if token.starts_with(DELEGATED) {
        let renewed = state.identity.renew_delegation(token, form.find("client_id"), form.find("scope"));
        return renewed.await.map(Granted::Agent).map_err(Refusal::of_grant);
    }
    state.identity.refresh(token).await.map(Granted::Member).map_err(Refusal::of_grant)
}

async fn exchanged(state: &Services, form: &Form) -> Result<Granted, Refusal> {
    let subject_token = form.require("subject_token")?.to_owned();
    if form.require("subject_token_type")? != ACCESS_TOKEN {
        let message = format!("Only the subject_token_type {ACCESS_TOKEN} is supported.");
        return Err(Refusal::error("invalid_request", message));
    }
    if form.find("requested_token_type").is_some_and(|wanted| wanted != ACCESS_TOKEN) {
        let message = format!("Only the requested_token_type {ACCESS_TOKEN} is supported.");
        return Err(Refusal::error("invalid_request", message));
    }
    if form.find("actor_token").is_some() {
        let message = "No actor_token is taken: name an agent of the workspace as agent.";
        return Err(Refusal::error("invalid_request", message));
    }
    let asked = Exchange {
        subject_token,
        scope: form.owned("scope"),
        agent: form.owned("agent"),
        resource: form.owned("resource").or_else(|| form.owned("audience")),
    };
    state.identity.exchange(asked).await.map(Granted::Agent).map_err(Refusal::of_grant)
}

async fn fetched(state: &Services, form: &Form) -> Result<Granted, Refusal> {
    let asked = CodeRequest {
        code: form.require("code")?.to_owned(),
        client_id: form.require("client_id")?.to_owned(),
        redirect_uri: form.require("redirect_uri")?.to_owned(),
        verifier: form.require("code_verifier")?.to_owned(),
        resource: form.owned("resource"),
    };
    state.identity.redeem_code(asked).await.map(Granted::Agent).map_err(Refusal::of_grant)
}

/// The key is the secret of a client (section 2.3.1), in the form or as the password of basic authentication.
async fn by_key(
    state: &Services,
    headers: &HeaderMap,
    form: &Form,
    from: Option<IpAddr>,
) -> Result<Granted, Refusal> {
    let door = Door { from, path: None };
    let invalid =
        || Refusal::error("invalid_client", "Send an API key as client_secret, or as the password.");
    let basic = headers.get(header::AUTHORIZATION).map(|value| {
        let encoded = value.to_str().ok()?.strip_prefix("Basic ")?;
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        decoded.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
    });
    let (id, secret) = match basic {
        Some(given) => given.ok_or_else(invalid)?,
        None => {
            let id = form.owned("client_id").unwrap_or_default();
            (id, form.owned("client_secret").ok_or_else(invalid)?)
        }
    };
    let granted =
        state.identity.key_token(&id, &secret, form.find("scope"), form.find("resource"), &door).await;
    granted.map(Granted::Agent).map_err(Refusal::of_grant)
}

async fn revoke(
    State(state): State<Services>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Refusal> {
    let form = Form::read(&headers, body).await?;
    state.identity.revoke_token(form.require("token")?).await.map_err(Refusal::of_grant)?;
    Ok(StatusCode::OK)
}
