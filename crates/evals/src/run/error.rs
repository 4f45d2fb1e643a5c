use kontor_core::error::{ErrorKind, Fault, Problem};

use crate::sandbox;

/// Why a run could not be made, or a trial not be run. It is never the agent's failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
    #[error(transparent)]
    Crm(#[from] kontor_crm::Error),
    #[error(transparent)]
    Identity(#[from] kontor_identity::Error),
    #[error(transparent)]
    Agents(#[from] kontor_agents::Error),
    #[error(transparent)]
    Model(#[from] kontor_models::ModelError),
    /// What a dataset's fixture asks for cannot be made.
    #[error("{path}: {message}")]
    Fixture { path: String, message: String },
    /// What is asked of the run itself is wrong.
    #[error("{0}")]
    Asked(String),
    /// The folder of a run cannot be read or written.
    #[error("{path}: {source}")]
    Folder { path: String, source: std::io::Error },
    /// The model could not be asked, or did not answer, through no doing of the agent.
    #[error("{}", .0.message)]
    Infrastructure(Problem),
    /// The turn did not end in the time that a trial has.
    #[error("the trial took longer than {seconds} s")]
    TooLong { seconds: u64 },
}

impl Error {
    pub(super) fn fixture(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Fixture { path: path.into(), message: message.into() }
    }

    /// As [`Error::fixture`], of what a service said of a part of it.
    pub(super) fn at(path: impl Into<String>, fault: impl Fault) -> Self {
        Self::fixture(path, fault.problem().to_string())
    }
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        match self {
            Self::Sandbox(error) => error.problem(),
            Self::Crm(error) => error.problem(),
            Self::Identity(error) => error.problem(),
            Self::Agents(error) => error.problem(),
            Self::Model(error) => error.problem(),
            Self::Fixture { .. } => Problem::new(ErrorKind::Invalid, "invalid_fixture", self.to_string()),
            Self::Asked(told) => Problem::new(ErrorKind::Invalid, "invalid_run", told.clone()),
            Self::Folder { .. } => Problem::new(ErrorKind::Unavailable, "no_room", self.to_string()),
            Self::Infrastructure(problem) => problem.clone(),
            Self::TooLong { .. } => Problem::new(ErrorKind::Limited, "trial_too_long", self.to_string()),
        }
    }
}
