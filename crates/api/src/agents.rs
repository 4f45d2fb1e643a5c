//! The agents that the caller may talk to.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::Value;

use crate::{extract::SignedIn, page, problem::Result, state::ApiState};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/agents", get(list))
}

async fn list(State(state): State<ApiState>, SignedIn(caller): SignedIn) -> Result<Json<Value>> {
    Ok(page::whole(state.agents.agents(&caller).await?))
}
