//! The models that agents may be given.

use axum::{Router, extract::State, response::Response, routing::get};

use crate::{
    extract::{NoParameters, SignedIn},
    page,
    problem::Result,
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/models", get(list))
}

async fn list(State(state): State<Services>, SignedIn(_): SignedIn, _: NoParameters) -> Result<Response> {
    Ok(page::whole(state.models.list()))
}
