//! The caller, as identity knows them.

use axum::{Json, Router, extract::State, routing::get};
use kontor_identity::Me;

use crate::{
    extract::{NoParameters, SignedIn},
    problem::Result,
    state::ApiState,
};

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/me", get(me))
}

async fn me(State(state): State<ApiState>, SignedIn(caller): SignedIn, _: NoParameters) -> Result<Json<Me>> {
    Ok(Json(state.identity.me(&caller).await?))
}
