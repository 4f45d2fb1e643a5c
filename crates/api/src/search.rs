//! Search over the records of every object.

use axum::{Router, extract::State, response::Response, routing::get};
use kontor_crm::search::MAX_HITS;
use serde_json::json;

use crate::{
    extract::{Parameters, SignedIn},
    page,
    problem::{ApiError, Result},
};
use kontor_http::Services;

const DEFAULT_LIMIT: u32 = 20;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/search", get(search))
}

async fn search(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Response> {
    let parameters = parameters.knowing(&["q", "objects", "limit"])?;
    let limit = parameters.number("limit", 1..=MAX_HITS)?.unwrap_or(DEFAULT_LIMIT);
    let Some(query) = parameters.owned("q") else {
        return Err(ApiError::issue("q", "required", "Say what to search for."));
    };
    let hits = state.crm.search(&caller, &query, parameters.list("objects"), limit).await?;
    let data: Vec<_> =
        hits.iter().map(|hit| json!({"object": hit.object.name, "id": hit.id, "label": hit.label})).collect();
    Ok(page::whole(data))
}
