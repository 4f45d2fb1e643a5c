//! The caller, as identity knows them, and what they set for themselves.

use axum::{Router, extract::State, routing::get};
use kontor_identity::Me;
use serde_json::{Map, Value};

use crate::{
    extract::{Json, NoParameters, SignedIn},
    problem::Result,
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/me", get(me).patch(change))
}

async fn me(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<axum::Json<Me>> {
    Ok(axum::Json(state.identity.me(&caller).await?))
}

async fn change(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Json(changes): Json<Map<String, Value>>,
) -> Result<axum::Json<Me>> {
    state.identity.change_member_settings(&caller, &changes).await?;
    let renewed = match caller.member() {
        Some(member) => state.identity.caller_of_member(caller.workspace, member).await?,
        None => caller,
    };
    Ok(axum::Json(state.identity.me(&renewed).await?))
}
