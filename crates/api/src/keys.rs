//! API keys: service accounts by which programs act.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_http::Services;
use kontor_identity::{ApiKey, NewApiKey};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    extract::{Json, ManagesKeys, NoParameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| op.is("list_api_keys", "The API keys, the newest first").tag("API keys"))
        .post_with(create, |op| {
            op.is("create_api_key", "Makes an API key, which is told once")
                .tag("API keys")
                .answers::<201, Answer<ToldKey>>()
        });
    let one = get_with(get, |op| op.is("get_api_key", "An API key, without the key itself").tag("API keys"))
        .delete_with(revoke, |op| {
            op.is("revoke_api_key", "Ends an API key").tag("API keys").answers::<204, ()>()
        });
    ApiRouter::new().api_route("/keys", all).api_route("/keys/{id}", one)
}

async fn list(
    State(state): State<Services>,
    ManagesKeys(caller): ManagesKeys,
    _: NoParameters,
) -> Result<Answer<Whole<ApiKey>>> {
    Ok(page::whole(state.identity.api_keys(&caller).await?))
}

/// An API key with what signs in by it.
#[derive(Serialize, JsonSchema)]
struct ToldKey {
    #[serde(flatten)]
    api_key: ApiKey,
    /// To be sent as `Authorization: Bearer`; it is not told again.
    key: String,
}

async fn create(
    State(state): State<Services>,
    ManagesKeys(caller): ManagesKeys,
    _: NoParameters,
    Json(new): Json<NewApiKey>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<ToldKey>)> {
    let (api_key, secret) = state.identity.create_api_key(&caller, new).await?;
    let location = [(header::LOCATION, format!("/api/keys/{}", api_key.id))];
    Ok((StatusCode::CREATED, location, Answer(ToldKey { api_key, key: secret.as_str().to_owned() })))
}

async fn get(
    State(state): State<Services>,
    ManagesKeys(caller): ManagesKeys,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<Answer<ApiKey>> {
    Ok(Answer(state.identity.api_key(&caller, id).await?))
}

async fn revoke(
    State(state): State<Services>,
    ManagesKeys(caller): ManagesKeys,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<StatusCode> {
    state.identity.revoke_api_key(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
