use std::time::Duration;

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
    /// The cassette has no answer to a request.
    #[error("{0}")]
    NotRecorded(String),
    /// The turn did not end in the time that a trial has.
    #[error("the trial took longer than {seconds} s")]
    TooLong { seconds: u64 },
}

impl Error {
    pub(super) fn fixture(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Fixture { path: path.into(), message: message.into() }
    }

    /// As [`Error::fixture`], of what a service said of a part of it; a fault of the infrastructure stays one.
    pub(super) fn at(path: impl Into<String>, fault: impl Fault) -> Self {
        let (path, problem) = (path.into(), fault.problem());
        if may_pass(&problem) {
            let message = format!("{path}: {}", problem.message);
            return Self::Infrastructure(Problem { message, ..problem });
        }
        Self::fixture(path, problem.to_string())
    }

    /// What is to be waited for before a trial is begun again that failed so for the so manyth time; none where waiting
    /// cures nothing, or would take too long.
    pub(super) fn wait(&self, failures: u32) -> Option<Duration> {
        // A turn that is too slow once is too slow again, and each attempt costs minutes.
        if matches!(self, Self::TooLong { .. }) {
            return None;
        }
        let problem = self.problem();
        if !may_pass(&problem) {
            return None;
        }
        let usual = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        let wait = problem.retry_after.map_or(usual, |asked| asked.max(usual));
        (wait <= LONGEST_WAIT).then_some(wait)
    }
}

/// Before a trial is begun again; twice as long each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// What a provider may ask to wait for at most.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Whether the same may go well a little later. What a provider sends that is not understood is the same then.
fn may_pass(problem: &Problem) -> bool {
    let kind = problem.kind;
    (kind.is_transient() || kind == ErrorKind::Internal) && problem.code != "model_protocol"
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
            Self::NotRecorded(told) => Problem::new(ErrorKind::Conflict, "model_not_recorded", told.clone()),
            Self::TooLong { .. } => Problem::new(ErrorKind::Limited, "trial_too_long", self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(kind: ErrorKind, code: &'static str, retry_after: Option<u64>) -> Vec<Option<u64>> {
        let problem = Problem::new(kind, code, "It failed.");
        let problem = match retry_after {
            Some(seconds) => problem.retry_after(Duration::from_secs(seconds)),
            None => problem,
        };
        let error = Error::Infrastructure(problem);
        (1..=2).map(|failures| error.wait(failures).map(|wait| wait.as_secs())).collect()
    }

    #[test]
    fn a_trial_is_begun_again_where_waiting_may_cure_it_as_late_as_the_provider_asks() {
        assert_eq!(waits(ErrorKind::Unavailable, "model_unreachable", None), [Some(0), Some(1)]);
        assert_eq!(waits(ErrorKind::Internal, "internal", None), [Some(0), Some(1)]);
        assert_eq!(waits(ErrorKind::Limited, "model_rate_limited", Some(20)), [Some(20), Some(20)]);
        assert_eq!(waits(ErrorKind::Limited, "model_rate_limited", Some(600)), [None, None]);
        for code in ["model_unauthorized", "model_quota_used", "model_rejected", "model_misconfigured"] {
            assert_eq!(waits(ErrorKind::Conflict, code, None), [None, None], "{code}");
        }
        assert_eq!(waits(ErrorKind::Unavailable, "model_protocol", None), [None, None]);
        assert_eq!(Error::NotRecorded("x".to_owned()).wait(1), None);
        assert_eq!(Error::TooLong { seconds: 9 }.wait(1), None);
    }

    #[test]
    fn a_fixture_that_is_wrong_is_told_from_a_fault_of_what_makes_it() {
        let at = |kind| {
            Error::at("fixture.roles[0]", Error::Infrastructure(Problem::new(kind, "x", "It failed.")))
        };
        assert!(matches!(at(ErrorKind::Invalid), Error::Fixture { .. }));
        assert!(matches!(at(ErrorKind::Unavailable), Error::Infrastructure(_)));
        assert_eq!(at(ErrorKind::Unavailable).to_string(), "fixture.roles[0]: It failed.");
    }
}
