//! The workspace's jobs: what waits, runs and has failed, and running one again.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use kontor_operations::JobState;
use uuid::Uuid;

use crate::{
    extract::{NoParameters, Parameters, Segments, SignedIn},
    page,
    problem::{ApiError, Result},
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new()
        .route("/jobs", get(list))
        .route("/jobs/planned", get(planned))
        .route("/jobs/{id}/run", post(run))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Response> {
    let parameters = parameters.knowing(&["state"])?;
    let wanted = match parameters.text("state") {
        None => None,
        Some(word) => Some(JobState::from_word(word).ok_or_else(|| {
            ApiError::issue("state", "unknown_option", "One of waiting, running and failed is expected here.")
        })?),
    };
    Ok(page::whole(state.jobs.list(&caller, wanted).await?))
}

async fn planned(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<Response> {
    Ok(page::whole(state.jobs.planned(&caller).await?))
}

async fn run(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<StatusCode> {
    state.jobs.run_again(&caller, id).await?;
    Ok(StatusCode::ACCEPTED)
}
