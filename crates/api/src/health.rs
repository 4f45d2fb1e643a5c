//! Whether the server lives, and whether it can serve.

use std::time::Duration;

use axum::{Json, Router, extract::State, routing::get};
use kontor_core::error::{Chain, ErrorKind};
use serde_json::{Value, json};

use crate::problem::{ApiError, Result};
use kontor_http::Services;

/// A load balancer asks often and gives up soon.
const DEADLINE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Ready means that the database answers, also one who writes, and that all services are at work.
async fn ready(State(state): State<Services>) -> Result<Json<Value>> {
    let down = state.health.services_down();
    if !down.is_empty() {
        let message = format!("Not at work, and about to be begun again: {}.", down.join(", "));
        return Err(not_ready(message));
    }
    match tokio::time::timeout(DEADLINE, state.identity.check_database()).await {
        Ok(Ok(())) => {
            let mut told = json!({"status": "ready"});
            let dropped = state.health.dropped_log_lines();
            if dropped > 0 {
                told["dropped_log_lines"] = json!(dropped);
            }
            Ok(Json(told))
        }
        Ok(Err(error)) => {
            tracing::warn!(error = %Chain(&error), "not ready");
            Err(not_ready("The database does not answer."))
        }
        Err(_) => Err(not_ready("The database does not answer in time.")),
    }
}

fn not_ready(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Unavailable, "not_ready", message)
}
