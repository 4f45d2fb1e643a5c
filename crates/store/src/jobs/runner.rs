//! Claims jobs and runs them.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use kontor_core::{error::Chain, ids::WorkspaceId, time::Timestamp};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{
    Consumer, Failure, JobError, JobRun, JobState, Jobs, Look, NewJob, Planned, Registry,
    registry::{Place, Scheduled},
    rows::{self, Claim, Claimed, PutBack},
};
use crate::{Error, Namespace};

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// Within what time after its schedule a job of every workspace begins.
const SPREAD: Duration = Duration::from_secs(60 * 60);

/// Runs the jobs of this process.
pub(super) struct Runner {
    jobs: Jobs,
    registry: Arc<Registry>,
    permits: Arc<Semaphore>,
    /// Who waits for a permit, the longest first; the directory is no workspace.
    waiting: Arc<Mutex<VecDeque<Option<WorkspaceId>>>>,
    /// Where jobs are being claimed: two looks at a time would claim too many.
    claiming: Mutex<HashSet<Option<WorkspaceId>>>,
    /// What is being run, by the job's id; the directory's are nobody's.
    in_flight: Arc<Mutex<HashMap<Uuid, Option<WorkspaceId>>>>,
    tracker: TaskTracker,
    stopping: CancellationToken,
}

impl Runner {
    pub(super) fn new(jobs: Jobs, registry: Registry, stopping: CancellationToken) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(jobs.0.settings.concurrency.max(1))),
            jobs,
            registry: Arc::new(registry),
            waiting: Arc::default(),
            claiming: Mutex::default(),
            in_flight: Arc::default(),
            tracker: TaskTracker::new(),
            stopping,
        }
    }

    /// Waits for what runs; nothing more is begun.
    pub(super) async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Starts what the directory or a workspace has to do.
    pub(super) async fn look_at(&self, place: Option<WorkspaceId>) -> Result<Look, Error> {
        let store = &self.jobs.0.store;
        match place {
            None => self.look_into(store.directory()).await,
            Some(workspace) => self.look_into(&store.workspace(workspace).await?).await,
        }
    }

    pub(super) async fn look_into(&self, namespace: &Namespace) -> Result<Look, Error> {
        let next_schedule = self.keep_schedules(namespace).await?;
        let asked = self.claim(namespace.id(), 0);
        let (is_due, next) = namespace.read(asked, |tx, claim| Box::pin(rows::outlook(tx, claim))).await?;
        if is_due && !self.stopping.is_cancelled() {
            self.take(namespace).await?;
        }
        Ok(Look { is_at_work: is_due, next: next.into_iter().chain(next_schedule).min() })
    }

    /// Claims as many of a namespace's jobs as may run, and starts them.
    async fn take(&self, namespace: &Namespace) -> Result<(), Error> {
        let place = namespace.id();
        if !self.claiming.lock().unwrap_or_else(PoisonError::into_inner).insert(place) {
            return Ok(());
        }
        let taken = self.take_alone(namespace).await;
        self.claiming.lock().unwrap_or_else(PoisonError::into_inner).remove(&place);
        taken
    }

    async fn take_alone(&self, namespace: &Namespace) -> Result<(), Error> {
        let place = namespace.id();
        let free = self.jobs.0.settings.per_workspace.max(1).saturating_sub(self.in_flight(place).len());
        let permits: Vec<_> =
            (0..free).map_while(|_| self.permits.clone().try_acquire_owned().ok()).collect();
        if permits.len() < free {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if !waiting.contains(&place) {
                waiting.push_back(place);
            }
        }
        if permits.is_empty() {
            return Ok(());
        }
        let claim = self.claim(place, permits.len());
        let claimed = namespace.write(claim, |tx, claim| Box::pin(rows::claim(tx, claim))).await?;
        for (job, permit) in claimed.into_iter().zip(permits) {
            kontor_core::kill_point!("job.claimed");
            self.start(namespace, job, permit);
        }
        Ok(())
    }

    /// The jobs of a place that run here.
    fn in_flight(&self, place: Option<WorkspaceId>) -> Vec<Uuid> {
        let in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.iter().filter(|(_, of)| **of == place).map(|(id, _)| *id).collect()
    }

    fn claim(&self, place: Option<WorkspaceId>, limit: usize) -> Claim {
        let inner = &self.jobs.0;
        let now = inner.environment.now();
        Claim {
            owner: inner.owner,
            process: inner.process,
            shared: inner.settings.shared,
            until: now.plus(inner.settings.lease),
            names: self.registry.names(),
            in_flight: self.in_flight(place),
            limit: limit as u64,
            now,
        }
    }

    fn start(&self, namespace: &Namespace, job: Claimed, permit: OwnedSemaphorePermit) {
        let (jobs, registry, namespace) = (self.jobs.clone(), self.registry.clone(), namespace.clone());
        let (waiting, stopping) = (self.waiting.clone(), self.stopping.clone());
        let (in_flight, id, place) = (self.in_flight.clone(), job.id, namespace.id());
        in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(id, place);
        self.tracker.spawn(async move {
            let attempt = Attempt { jobs: &jobs, registry: &registry, namespace: &namespace, job };
            attempt.run(&stopping).await;
            in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            drop(permit);
            // The place that has become free is for who has waited for one the longest, else for this workspace, which
            // waits in its turn where there is none left.
            let first = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            for place in first.into_iter().chain([place]) {
                jobs.wake_place(place);
            }
        });
    }

    /// Enqueues what is due by its schedule; when the next is.
    async fn keep_schedules(&self, namespace: &Namespace) -> Result<Option<Timestamp>, Error> {
        let place = if namespace.id().is_some() { Place::EveryWorkspace } else { Place::Directory };
        let schedules: Vec<&Scheduled> =
            self.registry.schedules.iter().filter(|schedule| schedule.place == place).collect();
        if schedules.is_empty() {
            return Ok(None);
        }
        let planned = namespace.read((), |tx, ()| Box::pin(rows::planned(tx))).await?;
        let now = self.jobs.0.environment.now();
        let mut earliest: Option<Timestamp> = None;
        for schedule in schedules {
            let before = planned.iter().find(|planned| planned.name == schedule.name).cloned();
            let same = before.as_ref().filter(|before| before.expression == schedule.expression);
            if let Some(same) = same
                && same.next_at > now
            {
                earliest = earliest.into_iter().chain([same.next_at]).min();
                continue;
            }
            let Some(next_at) = schedule.schedule.after(now) else { continue };
            let next_at = next_at.plus(spread(namespace.id()));
            let next =
                Planned { name: schedule.name.to_owned(), expression: schedule.expression.clone(), next_at };
            // Times that passed while nobody looked are one; a schedule that is new waits for its first.
            let due = same.is_some().then(|| NewJob {
                name: schedule.name,
                payload: serde_json::Value::Null,
                due_at: now,
                priority: 0,
                key: Some("schedule".to_owned()),
            });
            namespace
                .write(
                    (self.jobs.0.environment.clone(), before, next, due),
                    |tx, (environment, before, next, due)| {
                        Box::pin(async move {
                            if rows::plan(tx, before.as_ref(), next).await?
                                && let Some(due) = due
                            {
                                rows::insert(tx, environment.new_id(), due, environment.now()).await?;
                            }
                            Ok::<_, Error>(())
                        })
                    },
                )
                .await?;
            earliest = earliest.into_iter().chain([next_at]).min();
        }
        Ok(earliest)
    }
}

/// How long after its schedule a workspace's job begins: the same for a workspace each time.
pub(super) fn spread(workspace: Option<WorkspaceId>) -> Duration {
    let Some(workspace) = workspace else { return Duration::ZERO };
    let mut hasher = DefaultHasher::new();
    workspace.as_uuid().hash(&mut hasher);
    Duration::from_secs(hasher.finish() % SPREAD.as_secs())
}

impl Consumer for Runner {
    fn look(&self, workspace: WorkspaceId) -> BoxFuture<'_, Result<Look, Failure>> {
        Box::pin(async move { Ok(self.look_at(Some(workspace)).await?) })
    }
}

/// One attempt at a job.
struct Attempt<'r> {
    jobs: &'r Jobs,
    registry: &'r Registry,
    namespace: &'r Namespace,
    job: Claimed,
}

/// How an attempt ended.
enum Ended {
    Done,
    Failed(JobError),
    TooLong,
    Panicked,
    /// The server stops.
    Stopped,
    /// Another process has taken it over.
    Lost,
}

impl Attempt<'_> {
    async fn run(&self, stopping: &CancellationToken) {
        let ended = self.attempt(stopping).await;
        kontor_core::kill_point!("job.ran");
        if let Err(error) = self.settle(ended).await {
            tracing::warn!(job = %self.job.id, name = self.job.name, error = %Chain(&error), "how a job ended could not be stored; it is taken up again");
        }
    }

    async fn attempt(&self, stopping: &CancellationToken) -> Ended {
        let Some(handler) = self.registry.handler(&self.job.name) else {
            let unknown = format!("this version knows no job {:?}", self.job.name);
            return Ended::Failed(JobError::fail(unknown));
        };
        if self.job.attempt > handler.attempts() {
            return Ended::Failed(JobError::fail("the process came to its end in each attempt"));
        }
        let payload = match serde_json::from_str(&self.job.payload) {
            Ok(payload) => payload,
            Err(error) => return Ended::Failed(JobError::fail(error)),
        };
        let inner = &self.jobs.0;
        let run = JobRun {
            id: self.job.id,
            namespace: self.namespace.clone(),
            environment: inner.environment.clone(),
            attempt: self.job.attempt,
            epoch: self.job.epoch,
        };
        let every = inner.settings.lease / 3;
        tokio::pin! {
            let running = AssertUnwindSafe(handler.run(&run, payload)).catch_unwind();
            let limit = sleep_until(Instant::now() + handler.time());
            let renewal = sleep_until(Instant::now() + every);
        }
        loop {
            tokio::select! {
                biased;
                ended = &mut running => return match ended {
                    Ok(Ok(())) => Ended::Done,
                    Ok(Err(error)) => Ended::Failed(error),
                    Err(_) => Ended::Panicked,
                },
                () = stopping.cancelled() => return Ended::Stopped,
                () = &mut limit => return Ended::TooLong,
                () = &mut renewal => {
                    match self.renew().await {
                        Ok(true) => {}
                        Ok(false) => return Ended::Lost,
                        Err(error) => tracing::warn!(job = %self.job.id, error = %Chain(&error), "a job's lease could not be renewed"),
                    }
                    renewal.as_mut().reset(Instant::now() + every);
                }
            }
        }
    }

    async fn renew(&self) -> Result<bool, Error> {
        let until = self.jobs.0.environment.now().plus(self.jobs.0.settings.lease);
        let (id, epoch) = (self.job.id, self.job.epoch);
        self.namespace
            .write((id, epoch, until), |tx, &(id, epoch, until)| Box::pin(rows::renew(tx, id, epoch, until)))
            .await
    }

    async fn settle(&self, ended: Ended) -> Result<(), Error> {
        let (id, epoch, name) = (self.job.id, self.job.epoch, &self.job.name);
        let outcome = match &ended {
            Ended::Done => "done",
            Ended::Lost => "lost",
            Ended::Stopped => "stopped",
            _ => "failed",
        };
        metrics::counter!("jobs_total", "name" => name.clone(), "outcome" => outcome).increment(1);
        let (may_retry, problem) = match ended {
            Ended::Done => {
                // It is there no more where the job ended itself.
                let finish = self
                    .namespace
                    .write((id, epoch), |tx, &(id, epoch)| Box::pin(rows::finish(tx, id, epoch)));
                finish.await?;
                kontor_core::kill_point!("job.finished");
                return Ok(());
            }
            Ended::Lost => {
                tracing::warn!(job = %id, name, "a job was taken over by another process");
                return Ok(());
            }
            Ended::Stopped => return self.put_back(JobState::Waiting, Duration::ZERO, None).await,
            Ended::Failed(JobError::Retry(error)) => (true, Chain(&*error).to_string()),
            Ended::Failed(JobError::Fail(error)) => (false, Chain(&*error).to_string()),
            Ended::TooLong => (true, "It took too long.".to_owned()),
            Ended::Panicked => (true, "It panicked.".to_owned()),
        };
        let attempts = self.registry.handler(name).map_or(1, |handler| handler.attempts());
        if may_retry && self.job.attempt < attempts {
            let pause = pause(self.jobs.0.settings.first_pause, self.job.attempt);
            tracing::warn!(job = %id, name, attempt = self.job.attempt, error = problem, "a job failed; it is run again in {pause:?}");
            return self.put_back(JobState::Waiting, pause, Some(problem)).await;
        }
        tracing::error!(job = %id, name, attempt = self.job.attempt, error = problem, "a job failed and is not run again by itself");
        self.put_back(JobState::Failed, Duration::ZERO, Some(problem)).await
    }

    async fn put_back(&self, state: JobState, pause: Duration, problem: Option<String>) -> Result<(), Error> {
        let due_at = self.jobs.0.environment.now().plus(pause);
        let (id, epoch) = (self.job.id, self.job.epoch);
        let back = PutBack { state, due_at, counts: problem.is_some(), problem };
        if let Some(workspace) = self.namespace.id() {
            self.jobs.announce(workspace).await?;
        }
        let put_back =
            self.namespace.write(back, move |tx, back| Box::pin(rows::put_back(tx, id, epoch, back)));
        match put_back.await {
            // Another that was enqueued under the same key at this moment stands for it.
            Err(Error::UniqueViolation { .. }) => {
                let finish = self
                    .namespace
                    .write((id, epoch), |tx, &(id, epoch)| Box::pin(rows::finish(tx, id, epoch)));
                finish.await.map(drop)
            }
            other => other,
        }
    }
}

/// The pause after an attempt.
fn pause(first: Duration, attempt: u32) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_to_an_hour() {
        let pauses = [1, 2, 3, 10, 11, 99].map(|attempt| pause(Duration::from_secs(5), attempt).as_secs());
        assert_eq!(pauses, [5, 10, 20, 2_560, 3_600, 3_600]);
    }
}
