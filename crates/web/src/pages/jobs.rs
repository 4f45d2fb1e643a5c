//! What waits, runs and has failed in the background, for admins.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, Redirect},
};
use kontor_http::Services;
use kontor_operations::{JobRecord, JobState};
use uuid::Uuid;

use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    link::parsed,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, exact},
};

#[derive(Template)]
#[template(path = "jobs.html")]
struct JobsPage {
    assets: &'static str,
    shell: Shell,
    /// The state that is asked for, empty for all.
    state: &'static str,
    jobs: Vec<JobView>,
    planned: Vec<(String, Shown)>,
    is_begun: bool,
}

struct JobView {
    id: Uuid,
    name: String,
    state: &'static str,
    colour: &'static str,
    due: Shown,
    attempts: u32,
    problem: String,
    may_run: bool,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let wanted = JobState::from_word(query.get("state"));
    let jobs = state.jobs.list(&caller, wanted).await?;
    let planned = state.jobs.planned(&caller).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let shell = Shell::new(&state, &caller, &csrf, &schema, "Jobs", "jobs").await?;
    let clock = Clock::of(&state.environment, &caller);
    let view = |job: JobRecord| JobView {
        id: job.id,
        state: job.state.word(),
        colour: match job.state {
            JobState::Waiting => "",
            JobState::Running => "blue",
            JobState::Failed => "red",
        },
        due: exact(job.due_at, clock),
        attempts: job.attempts,
        problem: job.problem.unwrap_or_default(),
        may_run: job.state != JobState::Running,
        name: job.name,
    };
    page(&JobsPage {
        assets: &assets::BASE,
        shell,
        state: wanted.map_or("", JobState::word),
        jobs: jobs.into_iter().map(view).collect(),
        planned: planned.into_iter().map(|planned| (planned.name, exact(planned.next_at, clock))).collect(),
        is_begun: query.get("done") == "again",
    })
}

pub(crate) async fn run(
    State(state): State<Services>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let id = parsed(&id)?;
    state.jobs.run_again(&sent.caller, id).await?;
    Ok(Redirect::to("/jobs?done=again"))
}
