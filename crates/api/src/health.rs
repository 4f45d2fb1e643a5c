//! Whether the server lives, and whether it can serve.

use std::time::Duration;

use axum::{Json, Router, extract::State, routing::get};
use kontor_core::error::{Chain, ErrorKind};
use serde_json::{Value, json};

use crate::{
    problem::{ApiError, Result},
    state::ApiState,
};

/// A load balancer asks often and gives up soon.
const DEADLINE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Ready means that the database answers.
async fn ready(State(state): State<ApiState>) -> Result<Json<Value>> {
    match tokio::time::timeout(DEADLINE, state.identity.has_workspace()).await {
        Ok(Ok(_)) => Ok(Json(json!({"status": "ready"}))),
        Ok(Err(error)) => {
            tracing::warn!(error = %Chain(&error), "not ready");
            Err(not_ready())
        }
        Err(_) => Err(not_ready()),
    }
}

fn not_ready() -> ApiError {
    ApiError::new(ErrorKind::Unavailable, "not_ready", "The database does not answer.")
}
