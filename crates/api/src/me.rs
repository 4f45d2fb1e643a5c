//! The caller, as identity knows them, and what they set for themselves.

use aide::axum::{ApiRouter, routing::get_with};
use axum::extract::State;
use kontor_http::Services;
use kontor_identity::Me;
use serde_json::{Map, Value};

use crate::{
    extract::{Json, NoParameters, SignedIn},
    openapi::Describe as _,
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let me = get_with(me, |op| {
        op.is("get_me", "Who and where the caller is, and what holds for them").tag("Sign-in")
    })
    .patch_with(change, |op| {
        op.is("change_me", "Changes what the caller has set for themselves; null takes it back")
            .tag("Sign-in")
    });
    ApiRouter::new().api_route("/me", me)
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
