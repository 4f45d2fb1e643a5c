//! Whether the server lives, and whether it can serve.

use std::time::Duration;

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json, extract::State};
use kontor_core::error::{Chain, ErrorKind};
use kontor_http::Services;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    openapi::Describe as _,
    problem::{ApiError, Result},
};

/// A load balancer asks often and gives up soon.
const DEADLINE: Duration = Duration::from_secs(2);

/// How the server is.
#[derive(Serialize, JsonSchema)]
struct Status {
    status: &'static str,
    /// Lines of the log that could not be written since the start; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_log_lines: Option<u64>,
}

pub(crate) fn routes() -> ApiRouter<Services> {
    let alive = get_with(alive, |op| op.is("is_alive", "Whether the server lives").tag("Server").public());
    let ready =
        get_with(ready, |op| op.is("is_ready", "Whether the server can serve").tag("Server").public());
    ApiRouter::new().api_route("/healthz", alive).api_route("/readyz", ready)
}

async fn alive() -> Json<Status> {
    Json(Status { status: "ok", dropped_log_lines: None })
}

/// Ready means that the database answers, also one who writes, and that all services are at work.
async fn ready(State(state): State<Services>) -> Result<Json<Status>> {
    let down = state.health.services_down();
    if !down.is_empty() {
        let message = format!("Not at work, and about to be begun again: {}.", down.join(", "));
        return Err(not_ready(message));
    }
    match tokio::time::timeout(DEADLINE, state.identity.check_database()).await {
        Ok(Ok(())) => {
            let dropped = state.health.dropped_log_lines();
            Ok(Json(Status { status: "ready", dropped_log_lines: (dropped > 0).then_some(dropped) }))
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
