//! Why a command failed.

use std::{io, process::ExitCode};

use kontor_core::error::Chain;

/// Every failure that ends a command, with its source.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Something the person at the terminal can put right.
    #[error("{0}")]
    Usage(String),
    #[error("the configuration is not valid: {0}")]
    Configuration(#[from] Box<figment::Error>),
    #[error("{what}")]
    Io { what: String, source: io::Error },
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
    #[error(transparent)]
    Identity(#[from] kontor_identity::Error),
    #[error(transparent)]
    Crm(#[from] kontor_crm::Error),
    #[error(transparent)]
    Agents(#[from] kontor_agents::Error),
    #[error("the metrics cannot be counted")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    #[error("the models cannot be used")]
    Models(#[from] kontor_models::ModelError),
    #[error(transparent)]
    Outbound(#[from] kontor_outbound::Error),
    #[error("the server at {server} does not answer")]
    Unreachable { server: String, source: reqwest::Error },
    /// What the server answered, as it said it.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Evaluation(#[from] kontor_evals::run::Error),
    #[error(transparent)]
    Kept(#[from] kontor_evals::evaluations::Error),
    /// Datasets and results that cannot be read, a line for each thing that is wrong.
    #[error("{0}")]
    Unreadable(String),
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// What the command ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Unreadable(_) | Self::Evaluation(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// The error and what caused it, in one line.
    pub(crate) fn chain(&self) -> String {
        Chain(self).to_string()
    }
}
