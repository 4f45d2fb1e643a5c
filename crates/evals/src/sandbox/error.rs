use kontor_core::error::{ErrorKind, Fault, Problem};

/// What can go wrong with a throw-away workspace.
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
    /// The folder of throw-away workspaces cannot be written.
    #[error("a throw-away workspace has no place on disk")]
    Folder(#[source] std::io::Error),
    /// A turn took longer than it was given.
    #[error("the turn did not end in time")]
    TurnTooLong,
    /// A file operation was cut off.
    #[error("what was to be done with files was cut off")]
    CutOff,
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        match self {
            Self::Store(error) => error.problem(),
            Self::Crm(error) => error.problem(),
            Self::Identity(error) => error.problem(),
            Self::Agents(error) => error.problem(),
            Self::Folder(_) => {
                let told = "There is no room on the server's disk for a throw-away workspace.";
                Problem::new(ErrorKind::Unavailable, "no_room", told)
            }
            Self::TurnTooLong => {
                Problem::new(ErrorKind::Limited, "turn_too_long", "The agent did not finish in time.")
            }
            Self::CutOff => Problem::internal(),
        }
    }
}
