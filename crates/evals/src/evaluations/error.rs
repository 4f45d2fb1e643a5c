use kontor_core::{
    error::{ErrorKind, Fault, Issue, Problem},
    grants::NotPermitted,
};
use uuid::Uuid;

use super::RunState;
use crate::{dataset::DatasetError, run, sandbox};

/// What can go wrong with the evaluations of a workspace.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
    #[error(transparent)]
    Crm(#[from] kontor_crm::Error),
    #[error(transparent)]
    Identity(#[from] kontor_identity::Error),
    #[error(transparent)]
    Agents(#[from] kontor_agents::Error),
    #[error(transparent)]
    Model(#[from] kontor_models::ModelError),
    #[error(transparent)]
    Run(#[from] run::Error),
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
    /// What is asked for is wrong.
    #[error("the input is not valid")]
    Invalid(Vec<Issue>),
    /// All that is wrong with a dataset.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error("there is no dataset {0:?}")]
    DatasetNotFound(String),
    #[error("there is a dataset {0:?} already")]
    DatasetExists(String),
    /// Another has changed it since the version that a change was made of.
    #[error("the dataset is at version {version}, which {by} made")]
    DatasetChanged { version: i64, by: String },
    #[error("the label {0} has no gate")]
    GateNotFound(String),
    /// Another has changed it since the version that a change was made of.
    #[error("the gate is at version {version}, which {by} set")]
    GateChanged { version: i64, by: String },
    #[error("there is no run {0}")]
    RunNotFound(Uuid),
    #[error("the run has ended: it is {}", .0.word())]
    RunEnded(RunState),
    /// It has no numbers yet.
    #[error("the run {0} has not ended")]
    RunOpen(Uuid),
    /// The built-in commands do not read prompts, so that their runs say nothing of what a prompt changes.
    #[error("a run of the built-in commands says nothing of prompts")]
    PromptsNotRead,
    #[error("{0} runs wait or are made already")]
    TooManyRuns(i64),
    /// What is stored cannot be read.
    #[error("what is stored of an evaluation cannot be read")]
    Unreadable(#[source] serde_json::Error),
}

impl Error {
    pub(super) fn invalid(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Issue::new(path, code, message)])
    }
}

impl From<NotPermitted> for Error {
    fn from(lacking: NotPermitted) -> Self {
        Self::Identity(lacking.into())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        let conflict = |code: &'static str, told: String| Problem::new(ErrorKind::Conflict, code, told);
        match self {
            Self::Store(error) => error.problem(),
            Self::Crm(error) => error.problem(),
            Self::Identity(error) => error.problem(),
            Self::Agents(error) => error.problem(),
            Self::Model(error) => error.problem(),
            Self::Run(error) => error.problem(),
            Self::Sandbox(error) => error.problem(),
            Self::Invalid(issues) => Problem::invalid(issues.clone()),
            Self::Dataset(error) => Problem { code: "invalid_dataset".into(), ..error.problem() },
            Self::DatasetNotFound(name) => Problem::new(
                ErrorKind::NotFound,
                "dataset_not_found",
                format!("There is no dataset {name:?}."),
            ),
            Self::DatasetExists(name) => {
                conflict("dataset_exists", format!("There is a dataset {name:?} already."))
            }
            Self::DatasetChanged { version, by } => conflict(
                "dataset_changed",
                format!(
                    "The dataset is at version {version} by now, which {by} made. Look at it, and change that one."
                ),
            ),
            Self::GateNotFound(label) => Problem::new(
                ErrorKind::NotFound,
                "gate_not_found",
                format!("Nothing has to be shown before the label {label:?} moves."),
            ),
            Self::GateChanged { version, by } => conflict(
                "gate_changed",
                format!("The gate is at version {version} by now, which {by} set. Look at it, and change that one."),
            ),
            Self::RunNotFound(id) => {
                Problem::new(ErrorKind::NotFound, "run_not_found", format!("There is no run {id}."))
            }
            Self::RunEnded(state) => {
                conflict("run_ended", format!("The run has ended: it is {}.", state.word()))
            }
            Self::RunOpen(id) => {
                conflict("run_not_ended", format!("The run {id} has no result: it has not come to its end."))
            }
            Self::PromptsNotRead => conflict(
                "prompts_not_read",
                "The built-in commands answered in one of these runs. They do not read prompts, so that nothing \
                 can be said of what differs between two prompts. Run the dataset on a model that reads them."
                    .to_owned(),
            ),
            Self::TooManyRuns(most) => Problem::new(
                ErrorKind::Limited,
                "too_many_runs",
                format!("{most} runs wait or are made already. Wait for one to end, or cancel one."),
            ),
            Self::Unreadable(_) => Problem::internal(),
        }
    }
}
