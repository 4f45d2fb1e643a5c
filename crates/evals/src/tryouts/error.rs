use std::time::Duration;

use kontor_core::{
    error::{ErrorKind, Fault, Problem},
    grants::NotPermitted,
};

use crate::sandbox;

/// When whoever finds no room may try again.
const RETRY_AFTER: Duration = Duration::from_secs(60);

/// What can go wrong with a tryout.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
    #[error(transparent)]
    Agents(#[from] kontor_agents::Error),
    #[error(transparent)]
    Identity(#[from] kontor_identity::Error),
    #[error(transparent)]
    Crm(#[from] kontor_crm::Error),
    /// There is none, it has ended, or it is another member's.
    #[error("there is no such tryout")]
    NotFound,
    /// What its member, or whom they act for, may do is another than when it began.
    #[error("what the tryout's member may do has changed")]
    RightsChanged,
    #[error("as many tryouts are open as there may be")]
    TooMany,
}

impl From<NotPermitted> for Error {
    fn from(lacking: NotPermitted) -> Self {
        Self::Identity(lacking.into())
    }
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        match self {
            Self::Sandbox(error) => error.problem(),
            Self::Agents(error) => error.problem(),
            Self::Identity(error) => error.problem(),
            Self::Crm(error) => error.problem(),
            Self::NotFound => Problem::new(
                ErrorKind::NotFound,
                "tryout_not_found",
                "There is no such tryout: it has ended, and its copy of the workspace is gone. Begin a new one.",
            ),
            Self::RightsChanged => Problem::new(
                ErrorKind::Conflict,
                "tryout_over",
                "What you may do has changed since the tryout began, so that it has ended. Begin a new one.",
            ),
            Self::TooMany => Problem::new(
                ErrorKind::Limited,
                "too_many_tryouts",
                "As many tryouts are open as there may be at one time. End one, or try again in a while.",
            )
            .retry_after(RETRY_AFTER),
        }
    }
}
