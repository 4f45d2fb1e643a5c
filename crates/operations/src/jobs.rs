//! The jobs of a workspace, as its admins see them.

use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::{ErrorKind, Fault, Problem},
    grants::{NotPermitted, Permission},
};
pub use kontor_store::jobs::{JobRecord, JobState, Planned};
use kontor_store::{AuditEntry, Store, jobs::Jobs};
use serde_json::json;
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
    environment: Environment,
}

impl WorkspaceJobs {
    pub fn new(store: Store, jobs: Jobs, environment: Environment) -> Self {
        Self { store, jobs, environment }
    }

    /// The jobs in this state or in any, those due first before others, 200 at most.
    ///
    /// # Errors
    /// [`JobsError::NotPermitted`]; what the database said.
    pub async fn list(&self, caller: &Caller, state: Option<JobState>) -> Result<Vec<JobRecord>, JobsError> {
        caller.grants.require(Permission::Jobs)?;
        let namespace = self.store.workspace(caller.workspace).await?;
        Ok(self.jobs.list(&namespace, state, u64::MAX).await?)
    }

    /// What is run by itself.
    ///
    /// # Errors
    /// [`JobsError::NotPermitted`]; what the database said.
    pub async fn planned(&self, caller: &Caller) -> Result<Vec<Planned>, JobsError> {
        caller.grants.require(Permission::Jobs)?;
        let namespace = self.store.workspace(caller.workspace).await?;
        Ok(self.jobs.planned(&namespace).await?)
    }

    /// Has a job run again that failed or waits: at once, and with all its attempts.
    ///
    /// # Errors
    /// [`JobsError::NotPermitted`], [`JobsError::NotFound`]; what the database said.
    pub async fn run_again(&self, caller: &Caller, job: Uuid) -> Result<(), JobsError> {
        caller.grants.require(Permission::Jobs)?;
        let namespace = self.store.workspace(caller.workspace).await?;
        if !self.jobs.run_again(&namespace, job).await? {
            return Err(JobsError::NotFound(job));
        }
        let (environment, actor) = (self.environment.clone(), caller.actor.clone());
        let audited = namespace.write(move |tx| {
            let (environment, actor) = (environment.clone(), actor.clone());
            Box::pin(async move {
                let entry = AuditEntry::new("job.run_again", format!("job:{job}"), json!({}));
                tx.audit(&environment, environment.now(), &actor, entry).await
            })
        });
        Ok(audited.await?)
    }
}
