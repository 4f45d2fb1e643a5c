//! The models that agents may be given.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::Value;

use crate::{extract::SignedIn, page, problem::Result, state::ApiState};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/models", get(list))
}

async fn list(State(state): State<ApiState>, SignedIn(_): SignedIn) -> Result<Json<Value>> {
    Ok(page::whole(state.models.list()))
}
