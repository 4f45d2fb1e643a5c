//! The jobs of a workspace, as its admins see them.

use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Fault, Problem},
    grants::{NotPermitted, Permission},
};
pub use kontor_store::jobs::{JobRecord, JobState, Planned};
use kontor_store::{Store, jobs::Jobs};
use uuid::Uuid;

/// What can go wrong with looking at jobs.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// There is no such job, or it is being run.
    #[error("there is no job {0} that can be run again")]
    NotFound(Uuid),
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
}

impl Fault for JobsError {
    fn problem(&self) -> Problem {
        match self {
            Self::NotPermitted(error) => error.problem(),
            Self::NotFound(id) => Problem::new(
                ErrorKind::NotFound,
                "job_not_found",
                format!("There is no job {id} that can be run again: it is done, or being run."),
            ),
            Self::Store(error) => error.problem(),
        }
    }
}

/// The jobs of workspaces for those who have the permission `jobs`. Cloning is cheap.
#[derive(Clone)]
pub struct WorkspaceJobs {
    store: Store,
    jobs: Jobs,
}

impl WorkspaceJobs {
    pub fn new(store: Store, jobs: Jobs) -> Self {
        Self { store, jobs }
    }

    /// The jobs in this state or in any, those due first before others, 200 at most.
    ///
    /// # Errors
    /// [`JobsError::NotPermitted`]; what the database said.
    pub async fn list(&self, caller: &Caller, state: Option<JobState>) -> Result<Vec<JobRecord>, JobsError> {
        caller.require(Permission::Jobs)?;
        let namespace = self.store.workspace(caller.workspace).await?;
        Ok(self.jobs.list(&namespace, state, u64::MAX).await?)
    }

    /// What is run by itself.
    ///
    /// # Errors
    /// [`JobsError::NotPermitted`]; what the database said.
    pub async fn planned(&self, caller: &Caller) -> Result<Vec<Planned>, JobsError> {
        caller.require(Permission::Jobs)?;
        let namespace = self.store.workspace(caller.workspace).await?;
        Ok(self.jobs.planned(&namespace).await?)
    }

    /// Has a job run again that failed or waits: at once, and with all its attempts.
    ///
    /// # Errors
    /// [`JobsError::NotPermitted`], [`JobsError::NotFound`]; what the database said.
    pub async fn run_again(&self, caller: &Caller, job: Uuid) -> Result<(), JobsError> {
        caller.require(Permission::Jobs)?;
        let namespace = self.store.workspace(caller.workspace).await?;
        let is_there = self.jobs.run_again(&namespace, job, &caller.actor()).await?;
        if is_there { Ok(()) } else { Err(JobsError::NotFound(job)) }
    }
}
