//! Evaluations that a workspace keeps: datasets that its admins write, and runs of them on its agents.
//!
//! A run is a job of its workspace. Each trial that has ended is a row, written before anybody is told of it, so that a
//! run whose process was killed goes on with those that are left and comes to the same numbers. What is tried is a copy
//! of the workspace without its records: the agent with its model, its settings, its operations, its role and the
//! policy, as they were when the run was asked for; where one of them has changed until the run begins, it fails.
//!
//! | module | holds |
//! |---|---|
//! | `rows` | the statements on the tables |
//! | [`error`](Error) | what can go wrong |
//! | `datasets` | datasets: written, changed, removed |
//! | `sources` | a dataset as it was sent, read |
//! | `shipped` | the datasets that are in the program |
//! | `subject` | all of an agent that decides on a run's numbers |
//! | `start` | a run asked for |
//! | `runs` | runs: read, cancelled, compared |
//! | `job` | a run made |
//! | `kept` | a run that was made elsewhere, kept |
//! | `life` | a turn of a chat made a case |
//! | `follow` | a run followed while it is made |
//! | `gates` | what a run has to show before a label moves |

mod datasets;
mod error;
mod follow;
mod gates;
mod job;
mod kept;
mod life;
mod rows;
mod runs;
mod shipped;
mod sources;
mod start;
mod subject;

use std::sync::Arc;

use kontor_core::environment::Environment;
use kontor_crm::Crm;
use kontor_operations::ApprovalPolicy;
use kontor_store::{Namespace, jobs::Jobs};

pub use self::{
    datasets::{DatasetSummary, DatasetView},
    error::Error,
    follow::RunEvent,
    gates::{Gate, GateKeeper, GateStanding, GateView, NewGate},
    job::RunEvaluations,
    life::NewCase,
    rows::runs::{Origin, RunFigures, RunState},
    runs::{CaseFilter, RunComparison, RunPage, RunProgress, RunQuery, RunSummary, RunView, StoredTrial},
    shipped::{ShippedDataset, shipped},
    sources::{DatasetChanges, NewDataset},
    start::NewRun,
};
use crate::sandbox::{Sandboxes, Source};

/// What evaluations are made with.
pub struct EvaluationParts {
    pub sandboxes: Sandboxes,
    pub source: Source,
    pub crm: Crm,
    pub jobs: Jobs,
    pub environment: Environment,
    /// When an agent has to ask, which is the same in a run.
    pub policy: ApprovalPolicy,
}

/// The evaluations of all workspaces. Cloning is cheap.
#[derive(Clone)]
pub struct Evaluations(Arc<EvaluationParts>);

impl Evaluations {
    pub fn new(parts: EvaluationParts) -> Self {
        Self(Arc::new(parts))
    }

    async fn namespace(&self, workspace: kontor_core::ids::WorkspaceId) -> Result<Namespace, Error> {
        Ok(self.0.source.store.workspace(workspace).await?)
    }
}
