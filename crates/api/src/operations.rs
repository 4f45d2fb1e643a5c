//! The caller's catalogue of operations, and running one of it by hand: what an agent can do for a person,
//! the person can do directly. No approval is asked for, since a person is asking.

use axum::{
    Json as Answer, Router,
    extract::State,
    response::Response,
    routing::{get, post},
};
use serde_json::Value;

use crate::{
    extract::{IdempotencyKey, Json, NoParameters, Segments, SignedIn},
    page,
    problem::Result,
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/operations", get(list)).route("/operations/{name}", post(run))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<Response> {
    Ok(page::whole(state.operations.definitions(&caller).await?))
}

async fn run(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
    key: IdempotencyKey,
    Json(arguments): Json<Value>,
) -> Result<Answer<Value>> {
    let key = key.over(&arguments);
    Ok(Answer(state.operations.execute(&caller, &name, arguments, key).await?))
}
