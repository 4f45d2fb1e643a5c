//! Work that is done later, or by itself: jobs and their schedules, and the dispatcher that finds what is due.
//!
//! A job is a named type with a payload. It is enqueued in the transaction of what causes it, and run by one
//! process at a time under a lease. A job that fails is run again after a pause that doubles, until it has had all its
//! attempts; then it is kept as failed until somebody has it run again or removes it.
//!
//! | module | holds |
//! |---|---|
//! | `rows` | the statements on the tables of jobs and schedules |
//! | `registry` | the types of jobs, and what runs them |
//! | `schedule` | cron expressions with a time zone |
//! | `hints` | when a workspace has something to do, as the directory knows it |
//! | `dispatcher` | looks into the workspaces that are due, for jobs, turns and what else is work |
//! | `runner` | claims jobs and runs them |

mod dispatcher;
mod hints;
mod registry;
mod rows;
mod runner;
mod schedule;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kontor_core::{actor::Actor, cache::Cache, environment::Environment, ids::WorkspaceId, time::Timestamp};
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use uuid::Uuid;

pub use self::{
    dispatcher::{Consumer, Dispatcher, Failure, Look},
    registry::{Job, JobError, JobRun, Registry},
    schedule::{InvalidSchedule, Schedule},
};
use crate::{AuditEntry, Error, Namespace, Store, Tx, stored_enum, table_row};

/// How long a hint in the directory is not written again.
pub(crate) const ANNOUNCED: Duration = Duration::from_secs(30);
/// How many workspaces' hints are remembered.
const REMEMBERED: usize = 4_096;

/// The jobs of all workspaces and of the directory. Cloning is cheap.
#[derive(Clone)]
pub struct Jobs(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) environment: Environment,
    pub(crate) settings: JobSettings,
    pub(crate) owner: Uuid,
    /// This process, of which there was none before and will be none after it.
    process: Uuid,
    /// When this process last wrote into the directory that a workspace has something to do.
    announced: Cache<WorkspaceId, Timestamp>,
    /// Where to look at once, in this order; the directory is no workspace.
    woken: Mutex<VecDeque<Option<WorkspaceId>>>,
    wake: Notify,
}

/// How jobs are found and run.
#[derive(Debug, Clone)]
pub struct JobSettings {
    /// Whether other processes work on the same data, whose leases are honoured until they expire.
    pub shared: bool,
    /// Whose leases are ours: the same after a restart, so that what we held when we were killed is ours again at
    /// once. Without one, a new one.
    pub owner: Option<Uuid>,
    /// How often the workspaces that are due are looked into.
    pub sweep_every: Duration,
    /// How many jobs run at one time in this process.
    pub concurrency: usize,
    /// How many of them may belong to one workspace.
    pub per_workspace: usize,
    /// How long a lease lasts without being renewed.
    pub lease: Duration,
    /// The pause before the second attempt; it doubles with each.
    pub first_pause: Duration,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            shared: false,
            owner: None,
            sweep_every: Duration::from_secs(5),
            concurrency: 16,
            per_workspace: 4,
            lease: Duration::from_secs(30),
            first_pause: Duration::from_secs(5),
        }
    }
}

/// That the directory says of a workspace that it has something to do. Who enqueues has to have said so before.
#[derive(Debug, Clone, Copy)]
pub struct Announced(());

/// A job to be enqueued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// The name of its type.
    pub name: &'static str,
    pub payload: Json,
    pub due_at: Timestamp,
    /// Those with a higher number come first among those that are due.
    pub priority: i16,
    /// No two jobs of a type wait under the same key: the second is not enqueued.
    pub key: Option<String>,
}

stored_enum! {
    /// Where a job stands.
    pub enum JobState: "state of a job" {
        Waiting = "waiting",
        Running = "running",
        /// It has had all its attempts, or cannot succeed.
        Failed = "failed",
    }
}

/// A job as it stands in its table.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct JobRecord {
    pub id: Uuid,
    pub name: String,
    pub payload: Json,
    pub state: JobState,
    pub due_at: Timestamp,
    pub attempts: u32,
    /// Why the last attempt failed.
    pub problem: Option<String>,
    pub created_at: Timestamp,
    /// When the last attempt began.
    pub started_at: Option<Timestamp>,
}

table_row! {
    /// A job that is run by itself, and when next.
    #[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
    pub struct Planned in "job_schedules" {
        pub name: String,
        /// A cron expression, in UTC.
        pub expression: String,
        pub next_at: Timestamp,
    }
}

impl Jobs {
    pub fn new(store: Store, environment: Environment, settings: JobSettings) -> Self {
        Self(Arc::new(Inner {
            owner: settings.owner.unwrap_or_else(|| environment.new_id()),
            process: environment.new_id(),
            store,
            environment,
            settings,
            announced: Cache::new(REMEMBERED),
            woken: Mutex::default(),
            wake: Notify::new(),
        }))
    }

    /// Writes into the directory that a workspace has something to do, before what makes it true commits.
    ///
    /// # Errors
    /// What the database said; nothing may be enqueued then.
    pub async fn announce(&self, workspace: WorkspaceId) -> Result<Announced, Error> {
        let now = self.0.environment.now();
        if self.announced_at(workspace).is_some_and(|at| now.since(at) < ANNOUNCED && at <= now) {
            return Ok(Announced(()));
        }
        let directory = self.0.store.directory();
        directory
            .write((workspace, now), |tx, &(workspace, now)| Box::pin(hints::announce(tx, workspace, now)))
            .await?;
        self.0.announced.insert(workspace, now);
        Ok(Announced(()))
    }

    fn announced_at(&self, workspace: WorkspaceId) -> Option<Timestamp> {
        self.0.announced.get(&workspace)
    }

    /// Has a workspace looked into at once, after something was enqueued in it that is due.
    pub fn wake(&self, workspace: WorkspaceId) {
        self.wake_place(Some(workspace));
    }

    fn wake_place(&self, place: Option<WorkspaceId>) {
        let mut woken = self.0.woken.lock().unwrap_or_else(PoisonError::into_inner);
        if !woken.contains(&place) {
            woken.push_back(place);
        }
        drop(woken);
        self.0.wake.notify_one();
    }

    fn next_woken(&self) -> Option<Option<WorkspaceId>> {
        self.0.woken.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// The jobs of a namespace in this state or in any, those due first before others, at most `limit` (200).
    ///
    /// # Errors
    /// What the database said.
    pub async fn list(
        &self,
        namespace: &Namespace,
        state: Option<JobState>,
        limit: u64,
    ) -> Result<Vec<JobRecord>, Error> {
        let limit = limit.clamp(1, 200);
        namespace.read((state, limit), |tx, &(state, limit)| Box::pin(rows::list(tx, state, limit))).await
    }

    /// What is run by itself in a namespace.
    ///
    /// # Errors
    /// What the database said.
    pub async fn planned(&self, namespace: &Namespace) -> Result<Vec<Planned>, Error> {
        namespace.read((), |tx, ()| Box::pin(rows::planned(tx))).await
    }

    /// Has a job run again that failed or waits: at once, and with all its attempts; the audit of a workspace says
    /// who wanted it. Whether there is one.
    ///
    /// # Errors
    /// What the database said.
    pub async fn run_again(&self, namespace: &Namespace, job: Uuid, actor: &Actor) -> Result<bool, Error> {
        if let Some(workspace) = namespace.id() {
            self.announce(workspace).await?;
        }
        let again = namespace.write(
            (self.0.environment.clone(), actor.clone(), namespace.id().is_some()),
            move |tx, (environment, actor, has_audit)| {
                Box::pin(async move {
                    let now = environment.now();
                    let is_there = rows::run_again(tx, job, now).await?;
                    if is_there && *has_audit {
                        let entry = AuditEntry::new("job.run_again", format!("job:{job}"), json!({}));
                        tx.audit(environment, now, actor, entry).await?;
                    }
                    Ok::<_, Error>(is_there)
                })
            },
        );
        let is_there = again.await?;
        self.wake_place(namespace.id());
        Ok(is_there)
    }
}

/// Removes jobs that failed and were due before an instant.
pub fn prune<'t>(tx: &'t mut Tx<'_>, before: Timestamp) -> crate::BoxFuture<'t, Result<u64, Error>> {
    Box::pin(rows::prune(tx, before))
}

impl Tx<'_> {
    /// Enqueues a job with what causes it. Whether it is new: one that waits under the same key is left as it is.
    ///
    /// # Errors
    /// What the database said.
    pub async fn enqueue(
        &mut self,
        environment: &Environment,
        _: Announced,
        job: &NewJob,
    ) -> Result<bool, Error> {
        rows::insert(self, environment.new_id(), job, environment.now()).await
    }
}
