//! `kontor jobs`: what waits, runs and has failed, and running a job again, for the operator.

use kontor_core::{actor::Actor, caller::Operator, error::Chain};
use kontor_store::{
    Namespace,
    jobs::{JobRecord, JobState, Planned},
};
use uuid::Uuid;

use crate::{config::Config, error::Error, terminal, wiring::Services};

/// How many jobs of a place are shown.
const SHOWN: u64 = 200;

/// What is asked for.
pub(super) struct Wanted {
    pub(super) state: Option<String>,
    pub(super) workspace: Option<String>,
    pub(super) run: Option<Uuid>,
}

pub(super) async fn run(config: Config, wanted: Wanted) -> Result<(), Error> {
    let state = match &wanted.state {
        None => None,
        Some(word) => Some(JobState::from_word(word).ok_or_else(|| {
            Error::Usage(format!("{word:?} is no state of a job: waiting, running or failed is expected"))
        })?),
    };
    let services = Services::open_beside(&config).await?;
    let places = places(&services, wanted.workspace.as_deref()).await?;
    let done = match wanted.run {
        Some(job) => run_again(&services, &places, job).await,
        None => show(&services, &places, state).await,
    };
    services.store.close().await;
    done
}

/// The directory and the workspaces, by name; of a workspace that is named, that alone.
async fn places(services: &Services, workspace: Option<&str>) -> Result<Vec<(String, Namespace)>, Error> {
    let mut places = Vec::new();
    if workspace.is_none() {
        places.push(("the installation".to_owned(), services.store.directory().clone()));
    }
    for known in services.identity.workspaces(Operator::of_this_installation()).await? {
        if workspace.is_none_or(|name| name.to_lowercase() == known.name.to_lowercase()) {
            match services.store.workspace(known.id).await {
                Ok(namespace) => places.push((known.name, namespace)),
                // The others are shown all the same.
                Err(error) => {
                    terminal::remark(&format!("{}: it cannot be opened: {}", known.name, Chain(&error)))
                }
            }
        }
    }
    match workspace {
        Some(name) if places.is_empty() => Err(Error::Usage(format!("there is no workspace {name:?}"))),
        _ => Ok(places),
    }
}

async fn show(
    services: &Services,
    places: &[(String, Namespace)],
    state: Option<JobState>,
) -> Result<(), Error> {
    let mut shown = 0;
    for (name, namespace) in places {
        let jobs = services.jobs.list(namespace, state, SHOWN).await?;
        for job in &jobs {
            terminal::line(&format!("{name}: {}", described(job)));
        }
        shown += jobs.len();
        if state.is_some() {
            continue;
        }
        for Planned { name: job, next_at, .. } in services.jobs.planned(namespace).await? {
            terminal::line(&format!("{name}: {job} runs by itself, next at {next_at}"));
            shown += 1;
        }
    }
    if shown == 0 {
        terminal::line("There is no job.");
    }
    Ok(())
}

fn described(job: &JobRecord) -> String {
    let JobRecord { id, name, state, due_at, attempts, problem, .. } = job;
    let when = match state {
        JobState::Waiting => format!("waiting until {due_at}"),
        JobState::Running => format!("running, attempt {attempts}"),
        JobState::Failed => format!("failed after {attempts} attempts"),
    };
    let why = problem.as_deref().map(|problem| format!(": {problem}")).unwrap_or_default();
    format!("{name} {id} {when}{why}")
}

async fn run_again(services: &Services, places: &[(String, Namespace)], job: Uuid) -> Result<(), Error> {
    for (name, namespace) in places {
        if services.jobs.run_again(namespace, job, &Actor::SYSTEM).await? {
            terminal::line(&format!("{name}: the job {job} is run again."));
            return Ok(());
        }
    }
    Err(Error::Usage(format!("there is no job {job} that can be run again: it is done, or being run")))
}
