//! The agents that the caller may talk to.

use axum::{Router, extract::State, response::Response, routing::get};

use crate::{
    extract::{NoParameters, SignedIn},
    page,
    problem::Result,
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/agents", get(list))
}

async fn list(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<Response> {
    Ok(page::whole(state.agents.agents(&caller).await?))
}
