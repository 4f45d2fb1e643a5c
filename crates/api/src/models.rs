//! The models that agents may be given.

use axum::{Router, extract::State, response::Response, routing::get};

use crate::{
    extract::{NoParameters, SignedIn},
    page,
    problem::Result,
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/models", get(list))
}

async fn list(State(state): State<ApiState>, SignedIn(_): SignedIn, _: NoParameters) -> Result<Response> {
    Ok(page::whole(state.models.list()))
}
