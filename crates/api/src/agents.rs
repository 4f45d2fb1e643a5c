//! The agents that the caller may talk to.

use axum::{Router, extract::State, response::Response, routing::get};

use crate::{
    extract::{NoParameters, SignedIn},
    page,
    problem::Result,
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/agents", get(list))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<Response> {
    Ok(page::whole(state.agents.agents(&caller).await?))
}
