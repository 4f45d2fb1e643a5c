use kontor_core::error::{ErrorKind, Fault, Problem};

/// What can go wrong with a call beside what the operation itself refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The call was refused, or the operation failed and had no effect.
    #[error("{0}")]
    Refused(Problem),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The call was made under its key, and what was answered is not told again: it may hold what the caller may
    /// not read any more.
    #[error("the answer under the idempotency key is withheld")]
    AnswerWithheld,
    /// What is to be kept under a key cannot be written.
    #[error("an answer cannot be written")]
    Answer(#[source] serde_json::Error),
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        match self {
            Self::Refused(problem) => problem.clone(),
            Self::KeyReused => Problem::new(
                ErrorKind::Conflict,
                "idempotency_key_reused",
                "This idempotency key was used for another request. Take a new key for each request.",
            ),
            Self::AnswerWithheld => Problem::new(
                ErrorKind::Conflict,
                "idempotent_answer_withheld",
                "This was done under the same idempotency key. Its answer is not repeated, since what you may read has \
                 changed meanwhile: read the record again.",
            ),
            Self::Answer(_) => Problem::internal(),
            Self::Store(error) => error.problem(),
        }
    }
}
