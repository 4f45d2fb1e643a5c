//! The workspace's jobs: what waits, runs and has failed, and running one again.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json, extract::State, http::StatusCode};
use kontor_http::Services;
use kontor_operations::{JobRecord, JobState, Planned};
use uuid::Uuid;

use crate::{
    extract::{Acting, Holds, NoParameters, Parameter, Parameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

const KNOWN: [Parameter; 1] =
    [Parameter::new("state", Holds::Word(&["waiting", "running", "failed"]), "Only jobs in this state.")];

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed = get_with(list, |op| {
        op.is("list_jobs", "What the workspace does in the background").tag("Workspace").queries(&KNOWN)
    });
    let planned = get_with(planned, |op| op.is("list_planned_jobs", "What runs by itself").tag("Workspace"));
    let run = post_with(run, |op| {
        op.is("run_job", "Has a job run again that waits or failed").tag("Workspace").answers::<202, ()>()
    });
    ApiRouter::new()
        .api_route("/jobs", listed)
        .api_route("/jobs/planned", planned)
        .api_route("/jobs/{id}/run", run)
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    parameters: Parameters,
) -> Result<Json<Whole<JobRecord>>> {
    let parameters = parameters.knowing(&KNOWN)?;
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
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Json<Whole<Planned>>> {
    Ok(page::whole(state.jobs.planned(&caller).await?))
}

async fn run(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(id): Segments<Uuid>,
) -> Result<StatusCode> {
    state.jobs.run_again(&caller, id).await?;
    Ok(StatusCode::ACCEPTED)
}
