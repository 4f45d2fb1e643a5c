//! The models that agents may be given.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json, extract::State};
use kontor_http::Services;
use kontor_models::ModelInfo;

use crate::{
    extract::{NoParameters, SignedIn},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed =
        get_with(list, |op| op.is("list_models", "The models that agents may be given").tag("Agents"));
    ApiRouter::new().api_route("/models", listed)
}

async fn list(
    State(state): State<Services>,
    SignedIn(_): SignedIn,
    _: NoParameters,
) -> Result<Json<Whole<ModelInfo>>> {
    Ok(page::whole(state.models.list()))
}
