//! The types of jobs, and what runs them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use kontor_core::environment::Environment;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Schedule, rows};
use crate::{Error, Namespace, Tx, outbox::EventReader};

/// A type of job. What it needs to do its work is in `self`.
pub trait Job: Send + Sync + 'static {
    /// What it is stored under; the same for ever.
    const NAME: &'static str;
    /// How often it is tried.
    const ATTEMPTS: u32 = 8;
    /// How long one attempt may take.
    const TIME: Duration = Duration::from_secs(300);

    type Payload: Serialize + DeserializeOwned + Send + Sync;

    /// Does it. It may be run again after a crash in the middle of it; [`JobRun::finish`] has an effect exactly once.
    fn run<'r>(&'r self, run: &'r JobRun, payload: Self::Payload) -> BoxFuture<'r, Result<(), JobError>>;
}

/// How an attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It may succeed when it is tried again.
    #[error(transparent)]
    Retry(Box<dyn std::error::Error + Send + Sync>),
    /// It cannot succeed.
    #[error(transparent)]
    Fail(Box<dyn std::error::Error + Send + Sync>),
}

impl JobError {
    pub fn retry(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Retry(error.into())
    }

    pub fn fail(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Fail(error.into())
    }
}

impl From<Error> for JobError {
    fn from(error: Error) -> Self {
        Self::retry(error)
    }
}

/// An attempt that is under way.
pub struct JobRun {
    pub id: Uuid,
    pub namespace: Namespace,
    pub environment: Environment,
    /// From 1.
    pub attempt: u32,
    pub(super) epoch: i64,
}

impl JobRun {
    /// Does the last part of the job in a transaction that ends the job: it has its effect once, whatever happens.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] where another process has taken the job over; what the unit said.
    pub async fn finish<A, T, E, F>(&self, arguments: A, unit: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (id, epoch) = (self.id, self.epoch);
        self.namespace
            .write(arguments, move |tx, arguments| {
                Box::pin(async move {
                    if !rows::finish(tx, id, epoch).await? {
                        return Err(Error::LeaseLost.into());
                    }
                    unit(tx, arguments).await
                })
            })
            .await
    }
}

/// A type of job without its types.
pub(super) trait Handler: Send + Sync {
    fn attempts(&self) -> u32;
    fn time(&self) -> Duration;
    fn run<'r>(&'r self, run: &'r JobRun, payload: Json) -> BoxFuture<'r, Result<(), JobError>>;
}

struct Typed<J>(J);

impl<J: Job> Handler for Typed<J> {
    fn attempts(&self) -> u32 {
        J::ATTEMPTS
    }

    fn time(&self) -> Duration {
        J::TIME
    }

    fn run<'r>(&'r self, run: &'r JobRun, payload: Json) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            let payload = serde_json::from_value(payload).map_err(JobError::fail)?;
            self.0.run(run, payload).await
        })
    }
}

/// In which namespaces a schedule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Directory,
    EveryWorkspace,
}

/// A type of job that is run by itself, without a payload.
pub(super) struct Scheduled {
    pub(super) name: &'static str,
    pub(super) expression: String,
    pub(super) schedule: Schedule,
    pub(super) place: Place,
}

/// The types of jobs that this program knows, when they are run by themselves, and who reads events.
#[derive(Default)]
pub struct Registry {
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    pub(super) schedules: Vec<Scheduled>,
    pub(super) readers: Vec<Arc<dyn EventReader>>,
}

impl Registry {
    /// Adds a type of job that is run when it was enqueued.
    #[must_use]
    pub fn with<J: Job>(mut self, job: J) -> Self {
        self.handlers.insert(J::NAME, Arc::new(Typed(job)));
        self
    }

    /// Adds a type of job that is run by itself, once for the whole installation, at the times of a cron expression
    /// in UTC.
    ///
    /// # Panics
    /// Where the expression is none: it is written in the program.
    #[must_use]
    pub fn in_directory<J: Job<Payload = ()>>(self, job: J, expression: &str) -> Self {
        self.scheduled(job, expression, Place::Directory)
    }

    /// As [`Self::in_directory`], in every workspace. So that not all begin at once, each begins within the hour after
    /// the time.
    ///
    /// # Panics
    /// Where the expression is none.
    #[must_use]
    pub fn in_every_workspace<J: Job<Payload = ()>>(self, job: J, expression: &str) -> Self {
        self.scheduled(job, expression, Place::EveryWorkspace)
    }

    #[allow(clippy::expect_used, reason = "the expression is written in the program")]
    fn scheduled<J: Job<Payload = ()>>(mut self, job: J, expression: &str, place: Place) -> Self {
        let schedule = Schedule::new(expression, "UTC").expect("the schedule of a job can be read");
        let expression = expression.to_owned();
        self.schedules.push(Scheduled { name: J::NAME, expression, schedule, place });
        self.with(job)
    }

    /// Adds a reader of every workspace's events.
    #[must_use]
    pub fn reading(mut self, reader: impl EventReader) -> Self {
        self.readers.push(Arc::new(reader));
        self
    }

    /// The types that are known.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.handlers.keys().copied().collect()
    }

    pub(super) fn handler(&self, name: &str) -> Option<&Arc<dyn Handler>> {
        self.handlers.get(name)
    }
}
