//! A run made: a job of its workspace.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use kontor_agents::{AskedPrompt, Evaluated};
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::{ErrorKind, Fault as _, Problem},
    ids::WorkspaceId,
    time::Timestamp,
};
use kontor_store::jobs::{Announced, Job, JobError, JobRun, NewJob};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    Error, Evaluations, RunState,
    rows::{
        datasets,
        runs::{self as rows, Ended, RunRow},
        trials::{self, TrialRow},
    },
    start::Asked,
};
use crate::{
    dataset::Dataset,
    report::Report,
    run::{self, Progress, Request, RunParts, Skipped, Tape, TrialRecord},
    sandbox::BareCopy,
    stats::TrialOutcome,
};

/// Runs of a workspace that are made beside each other; the others wait, so that its other jobs do not.
const BESIDE: i64 = 2;
/// How often it is looked whether a run was cancelled.
const LOOK: Duration = Duration::from_millis(500);

/// Makes the runs of workspaces.
pub struct RunEvaluations(pub Evaluations);

/// Which run is made.
#[derive(Serialize, Deserialize)]
pub struct QueuedRun {
    run: Uuid,
}

/// The job of a run that waits.
pub(super) fn queued(run: Uuid, now: Timestamp) -> NewJob {
    NewJob {
        name: RunEvaluations::NAME,
        payload: serde_json::json!({ "run": run }),
        due_at: now,
        priority: -1,
        key: Some(run.to_string()),
    }
}

impl Job for RunEvaluations {
    const NAME: &'static str = "evaluations.run";
    // A process that comes to its end is no fault of the run, which goes on where it was.
    const ATTEMPTS: u32 = 1_000;
    const TIME: Duration = Duration::from_secs(24 * 60 * 60);

    type Payload = QueuedRun;

    fn run<'r>(&'r self, run: &'r JobRun, payload: QueuedRun) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            let Some(workspace) = run.namespace.id() else { return Ok(()) };
            let making = Making { evaluations: &self.0, job: run, workspace, run: payload.run };
            making.make().await.map_err(JobError::retry)
        })
    }
}

/// A run that is being made.
struct Making<'r> {
    evaluations: &'r Evaluations,
    job: &'r JobRun,
    workspace: WorkspaceId,
    run: Uuid,
}

/// All that is needed to make it.
struct Ready {
    parts: RunParts,
    request: Request,
}

/// What a run is made of, as it is stored.
struct Stored {
    row: RunRow,
    prompt: String,
    dataset: Arc<Dataset>,
    done: Vec<TrialRow>,
}

/// Where a run stands when its job is taken up.
enum Begun {
    Made(Box<Stored>),
    /// Others are made already.
    Waits,
    /// There is nothing to do any more.
    Over,
}

/// How the trials came to an end.
enum Stopped {
    All,
    /// Somebody has ended the run.
    Ended,
}

impl Making<'_> {
    async fn make(&self) -> Result<(), Error> {
        let stored = match self.begin().await? {
            Begun::Made(stored) => stored,
            Begun::Waits => return Ok(()),
            Begun::Over => return self.finish(None).await,
        };
        let ended = match self.ready(&stored).await? {
            Err(problem) => self.failed(problem, Vec::new(), None),
            Ok(ready) => {
                let (planned, skipped) = ready.request.plan()?;
                let done: BTreeSet<_> = stored.done.iter().map(TrialRow::key).collect();
                let order: Vec<_> = planned.iter().map(|planned| planned.key.clone()).collect();
                let left: Vec<_> =
                    planned.into_iter().filter(|planned| !done.contains(&planned.key)).collect();
                match self.try_cases(&ready, left).await? {
                    Stopped::Ended => return self.finish(None).await,
                    Stopped::All => {
                        let rows = self.trials().await?;
                        let place = |row: &TrialRow| order.iter().position(|key| *key == row.record.key);
                        let mut records: Vec<_> =
                            rows.iter().map(|row| (place(row), row.record.clone())).collect();
                        records.sort_by_key(|(place, _)| *place);
                        let records = records.into_iter().map(|(_, record)| record).collect();
                        self.ended(&ready.request, skipped, records)
                    }
                }
            }
        };
        self.finish(Some(ended)).await
    }

    /// Takes the run up, where it has not ended and is not to wait for others.
    async fn begin(&self) -> Result<Begun, Error> {
        let (run, now) = (self.run, self.job.environment.now());
        let namespace = &self.job.namespace;
        let state: Option<RunState> = namespace
            .write((run, now), |tx, &(run, now)| {
                Box::pin(async move {
                    match rows::find(tx, run).await?.map(|row| row.state) {
                        Some(RunState::Queued) if rows::count(tx, &[RunState::Running]).await? < BESIDE => {
                            rows::begin(tx, run, now).await?;
                            Ok::<_, Error>(Some(RunState::Running))
                        }
                        state => Ok(state),
                    }
                })
            })
            .await?;
        match state {
            Some(RunState::Running) => {}
            // One of those that are made begins it when it ends.
            Some(RunState::Queued) => return Ok(Begun::Waits),
            _ => return Ok(Begun::Over),
        }
        let stored: Option<Stored> = namespace
            .read(run, |tx, &run| {
                Box::pin(async move {
                    let Some(row) = rows::find(tx, run).await? else { return Ok::<_, Error>(None) };
                    let Some(report) = rows::report(tx, run).await? else { return Ok(None) };
                    let (Some(dataset), Some(version)) = (row.dataset_id, row.dataset_version) else {
                        return Ok(None);
                    };
                    let Some(text) = datasets::text(tx, dataset, version).await? else { return Ok(None) };
                    let done = trials::all(tx, run).await?;
                    Ok(Some(Stored { row, prompt: report.prompt, dataset: Arc::new(text.content), done }))
                })
            })
            .await?;
        Ok(stored.map_or(Begun::Over, |stored| Begun::Made(Box::new(stored))))
    }

    /// Makes what the run is made in; or why it cannot be.
    async fn ready(&self, stored: &Stored) -> Result<Result<Ready, Problem>, Error> {
        match self.prepare(stored).await {
            Ok(ready) => Ok(Ok(ready)),
            // What may be otherwise in a while is tried again.
            Err(error) if error.problem().kind.is_transient() => Err(error),
            Err(error) if error.problem().kind == ErrorKind::Internal => Err(error),
            Err(error) => Ok(Err(error.problem())),
        }
    }

    async fn prepare(&self, stored: &Stored) -> Result<Ready, Error> {
        let Stored { row, prompt, dataset, .. } = stored;
        let parts = &self.evaluations.0;
        let member = row.member.ok_or(kontor_agents::Error::NotAMember)?;
        let caller = parts.source.identity.caller_of_member(self.workspace, member).await?;
        let tried = self.tried(&caller, row, prompt).await?;
        let agents = &parts.source.agents;
        let models = agents.models_of_caller(&caller).await?;
        let account = agents.account_of(self.workspace, member);
        let sandboxes = parts.sandboxes.charged_to(account);
        let copy = BareCopy {
            workspace: self.workspace,
            agent: tried.agent.id,
            prompt: prompt.clone(),
            models: models.clone(),
        };
        let base = sandboxes.bare(&parts.source, copy).await?;
        // It may have changed while it was copied.
        self.tried(&caller, row, prompt).await?;
        let asked = Asked {
            choice: &row.choice,
            agent: &tried.agent.name,
            trials: row.trials,
            concurrency: row.concurrency,
            tags: &row.tags,
        };
        let environment = Environment::system();
        let parts = RunParts { sandboxes, base: Some(base), models, environment, tape: Tape::Off };
        Ok(Ready { parts, request: asked.request(dataset.clone()) })
    }

    /// What is tried, where it is still what the run was asked for.
    async fn tried(&self, caller: &Caller, row: &RunRow, prompt: &str) -> Result<Evaluated, Error> {
        let agents = &self.evaluations.0.source.agents;
        let name = row.agent_id.map_or_else(|| row.agent.clone(), |id| id.to_string());
        let asked = AskedPrompt { prompt: Some(prompt.to_owned()), ..AskedPrompt::default() };
        let tried = agents.evaluated(caller, &name, asked).await?;
        let subject = self.evaluations.subject(self.workspace, &tried).await?;
        if row.subject.as_deref() != Some(&*subject) {
            let told = format!(
                "The agent {:?}, its role or the policy has changed since this run was asked for, so that its result \
                 would be of neither. Run it again.",
                row.agent
            );
            return Err(run::Error::Asked(told).into());
        }
        Ok(tried)
    }

    /// Runs trials, keeping each as it ends, until all have or somebody ends the run.
    async fn try_cases(&self, ready: &Ready, left: Vec<run::Planned>) -> Result<Stopped, Error> {
        let (send, mut ended) = mpsc::unbounded_channel();
        let running = async move {
            let told = |progress: Progress<'_>| {
                if let Progress::Ended(trial) = progress {
                    // Who reads them has stopped only where the run has.
                    let _ = send.send(trial.clone());
                }
            };
            run::run(&ready.parts, &ready.request, left, None, &told).await?;
            Ok::<_, Error>(())
        };
        let keeping = async {
            while let Some(trial) = ended.recv().await {
                if !self.keep(trial).await? {
                    return Ok::<_, Error>(Stopped::Ended);
                }
            }
            Ok(Stopped::All)
        };
        let all = async { futures::try_join!(running, keeping).map(|((), stopped)| stopped) };
        tokio::select! {
            stopped = all => stopped,
            () = self.until_ended() => Ok(Stopped::Ended),
        }
    }

    async fn until_ended(&self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let found = self.job.namespace.read(self.run, |tx, &run| Box::pin(rows::find(tx, run))).await;
            // What cannot be read now is looked for again.
            if let Ok(row) = found
                && row.is_none_or(|row| row.state.has_ended())
            {
                return;
            }
        }
    }

    /// Keeps a trial that has ended; whether the run goes on.
    async fn keep(&self, record: TrialRecord) -> Result<bool, Error> {
        let now = self.job.environment.now();
        let kept = self.job.namespace.write((self.run, record, now), |tx, (run, record, now)| {
            Box::pin(async move {
                let passed = record.grade.as_ref().is_some_and(|grade| TrialOutcome::of(grade).passed());
                if !rows::count_trial(tx, *run, passed).await? {
                    return Ok::<_, Error>(false);
                }
                let Some(row) = rows::find(tx, *run).await? else { return Ok(false) };
                let row = TrialRow {
                    run: *run,
                    number: row.done,
                    dataset: record.key.dataset.clone(),
                    case: record.key.case.clone(),
                    attacked: record.key.attacked,
                    trial: record.key.trial,
                    passed,
                    passed_so_far: row.passed,
                    record: record.clone(),
                    ended_at: *now,
                };
                tx.insert(&row).await?;
                Ok(true)
            })
        });
        let is_kept = kept.await?;
        kontor_core::kill_point!("evaluation.trial_kept");
        Ok(is_kept)
    }

    async fn trials(&self) -> Result<Vec<TrialRow>, Error> {
        self.job.namespace.read(self.run, |tx, &run| Box::pin(trials::all(tx, run))).await
    }

    /// What the run came to.
    fn ended(&self, request: &Request, skipped: Vec<Skipped>, records: Vec<TrialRecord>) -> Ended {
        let models: BTreeSet<_> = records.iter().flat_map(|record| record.models.iter().cloned()).collect();
        let models: Vec<_> = models.into_iter().collect();
        // Trials stand in rows of their own.
        let report = Report { results: Vec::new(), ..Report::new(request, skipped, records) };
        let unjudged = report.totals.unjudged;
        if unjudged == 0 {
            let at = self.job.environment.now();
            return Ended { state: RunState::Completed, problem: None, models, report: Some(report), at };
        }
        let told = format!("{unjudged} of {} trials could not be run or judged.", report.totals.trials);
        self.failed(Problem::new(ErrorKind::Unavailable, "trials_not_judged", told), models, Some(report))
    }

    fn failed(&self, problem: Problem, models: Vec<String>, report: Option<Report>) -> Ended {
        let at = self.job.environment.now();
        Ended { state: RunState::Failed, problem: Some(problem), models, report, at }
    }

    /// Ends the run, where it has not been, and its job, and has the next one begin that waits.
    async fn finish(&self, ended: Option<Ended>) -> Result<(), Error> {
        let jobs = &self.evaluations.0.jobs;
        let announced: Announced = jobs.announce(self.workspace).await?;
        let environment = self.job.environment.clone();
        self.job
            .finish((self.run, ended, environment), move |tx, (run, ended, environment)| {
                Box::pin(async move {
                    if let Some(ended) = ended {
                        rows::end(tx, *run, ended).await?;
                    }
                    if let Some(next) = rows::next_queued(tx).await? {
                        tx.enqueue(environment, announced, &queued(next, environment.now())).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await?;
        jobs.wake(self.workspace);
        Ok(())
    }
}
