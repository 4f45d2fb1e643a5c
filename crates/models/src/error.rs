//! What can go wrong with a model.

use std::{fmt, time::Duration};

use kontor_core::error::{ErrorKind, Fault, Problem};

use crate::providers::Owner;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What was waited for when the time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    Connect,
    FirstToken,
    /// Between two pieces of an answer.
    Idle,
    Total,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting took too long",
            Self::FirstToken => "the first word took too long",
            Self::Idle => "it fell silent in the middle of its answer",
            Self::Total => "the whole answer took too long",
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("the model provider cannot be reached")]
    Unreachable { source: Source },
    #[error("the model did not answer in time: {what}")]
    Timeout { what: Wait },
    #[error("the model provider refused the API key: {message}")]
    Unauthorized { message: String },
    #[error("the model provider limits the rate of requests: {message}")]
    RateLimited { retry_after: Option<Duration>, message: String },
    /// A quota or credit that no short wait brings back.
    #[error("the quota of the model provider is used up: {message}")]
    QuotaUsed { message: String },
    #[error("the model provider failed with status {status}: {message}")]
    Server { status: u16, retry_after: Option<Duration>, message: String },
    #[error("the model provider rejected the request with status {status}: {message}")]
    Rejected { status: u16, message: String },
    /// The provider withheld the answer, or refused the question, for what stands in it.
    #[error("the model provider's content filter withheld the answer: {message}")]
    Filtered { message: String },
    #[error("the model's answer was cut short: {detail}")]
    CutShort { detail: String },
    #[error("the model provider sent something that is not understood: {0}")]
    Protocol(String),
    /// The provider sends more than an answer may have.
    #[error("the model's answer is too long: {0}")]
    TooLong(String),
    #[error("there is no model {id}.{suggestion}")]
    UnknownModel { id: String, suggestion: String },
    #[error("the configuration of model provider {provider} cannot be used: {message}")]
    Misconfigured { provider: String, message: String },
    /// A model that answers from a recording was asked something that was not recorded.
    #[error("this request was not recorded: {0}")]
    NotRecorded(String),
}

impl ModelError {
    /// Whether asking again without a change may succeed.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::RateLimited { .. }
            | Self::Server { .. }
            | Self::CutShort { .. } => true,
            Self::Unauthorized { .. }
            | Self::QuotaUsed { .. }
            | Self::Filtered { .. }
            | Self::Rejected { .. }
            | Self::Protocol(_)
            | Self::TooLong(_)
            | Self::UnknownModel { .. }
            | Self::Misconfigured { .. }
            | Self::NotRecorded(_) => false,
        }
    }

    /// Whether the fault is the model's or its provider's, so that another model may answer the same request.
    pub fn is_of_the_model(&self) -> bool {
        match self {
            Self::Rejected { status, .. } => matches!(status, 403 | 404 | 500..),
            Self::Filtered { .. } | Self::TooLong(_) | Self::NotRecorded(_) => false,
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Unauthorized { .. }
            | Self::RateLimited { .. }
            | Self::QuotaUsed { .. }
            | Self::Server { .. }
            | Self::CutShort { .. }
            | Self::Protocol(_)
            | Self::UnknownModel { .. }
            | Self::Misconfigured { .. } => true,
        }
    }

    /// Whether it speaks against the model whatever is asked of it. A call that its server could not read is the
    /// answer to one request, which another model may answer better.
    pub fn is_against_the_model(&self) -> bool {
        self.is_of_the_model() && !matches!(self, Self::Server { status: 400, .. })
    }

    /// What to say after the name of the model that it happened to.
    pub fn because(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "could not be reached",
            Self::Timeout { .. } => "did not answer in time",
            Self::Unauthorized { .. } => "refused the API key",
            Self::RateLimited { .. } => "limits the rate of requests",
            Self::QuotaUsed { .. } => "has its quota used up",
            Self::Server { .. } => "failed",
            Self::Rejected { .. } => "rejected the request",
            Self::Filtered { .. } => "withheld its answer",
            Self::CutShort { .. } => "broke off",
            Self::Protocol(_) => "sent something that is not understood",
            Self::TooLong(_) => "answered at too great a length",
            Self::UnknownModel { .. } => "is not there",
            Self::Misconfigured { .. } => "cannot be used as it is configured",
            Self::NotRecorded(_) => "has no recording of the request",
        }
    }

    /// How long the provider asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl Fault for ModelError {
    fn problem(&self) -> Problem {
        self.problem_for(Owner::Operator)
    }
}

impl ModelError {
    /// What a person is told of it, with where whoever set the provider up can mend it.
    pub fn problem_for(&self, owner: Owner) -> Problem {
        let (at, address) = match owner {
            Owner::Operator => ("in [models]", "base_url"),
            Owner::Workspace => ("under Settings > Models (/settings/models)", "its address"),
        };
        let (kind, code, message) = match self {
            Self::Unreachable { .. } => (
                ErrorKind::Unavailable,
                "model_unreachable",
                format!(
                    "The model provider cannot be reached. An admin can check {address} {at} and that the provider is up."
                ),
            ),
            Self::Timeout { what } => (
                ErrorKind::Unavailable,
                "model_timeout",
                format!("The model did not answer in time: {what}."),
            ),
            Self::Unauthorized { message } => (
                ErrorKind::Conflict,
                "model_unauthorized",
                format!(
                    "The model provider refused the API key{} An admin can set a valid one {at}.",
                    Words(message)
                ),
            ),
            Self::RateLimited { retry_after, message } => (
                ErrorKind::Limited,
                "model_rate_limited",
                format!(
                    "The model provider limits the rate of requests{} Try again in {}.",
                    Words(message),
                    Span(*retry_after)
                ),
            ),
            Self::QuotaUsed { message } => (
                ErrorKind::Conflict,
                "model_quota_used",
                format!(
                    "The quota or credit at the model provider is used up{} An admin can check its plan and billing.",
                    Words(message)
                ),
            ),
            Self::Filtered { message } => (
                ErrorKind::Conflict,
                "model_filtered",
                format!(
                    "The model provider's content filter withheld the answer{} Ask in other words.",
                    Words(message)
                ),
            ),
            Self::Server { status, retry_after, message } => (
                ErrorKind::Unavailable,
                "model_failed",
                format!(
                    "The model provider failed with status {status}{} Try again in {}.",
                    Words(message),
                    Span(*retry_after)
                ),
            ),
            Self::Rejected { message, .. } => (
                ErrorKind::Conflict,
                "model_rejected",
                format!("The model provider rejected the request{}", Words(message)),
            ),
            Self::CutShort { .. } => {
                (ErrorKind::Unavailable, "model_cut_short", "The model's answer was cut short.".to_owned())
            }
            Self::Protocol(detail) => (
                ErrorKind::Unavailable,
                "model_protocol",
                format!(
                    "The model provider sent something that is not understood{} An admin can check that {address} {at} names an OpenAI-compatible API.",
                    Words(detail)
                ),
            ),
            Self::TooLong(_) => (
                ErrorKind::Limited,
                "model_answer_too_long",
                "The model's answer is longer than an answer may be. Ask for less at a time.".to_owned(),
            ),
            Self::UnknownModel { .. } => {
                (ErrorKind::NotFound, "model_not_found", format!("{}", Sentence(self)))
            }
            Self::NotRecorded(message) => (
                ErrorKind::Conflict,
                "model_not_recorded",
                format!("This request was not recorded{}", Words(message)),
            ),
            Self::Misconfigured { .. } => {
                (ErrorKind::Conflict, "model_misconfigured", format!("{}.", Sentence(self)))
            }
        };
        let problem = Problem::new(kind, code, message);
        match self.retry_after() {
            Some(wait) => problem.retry_after(wait),
            None => problem,
        }
    }
}

/// The provider's words after a colon, where there are any, and a full stop.
struct Words<'e>(&'e str);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.trim();
        if words.is_empty() {
            return f.write_str(".");
        }
        let end = if words.ends_with(['.', '!', '?', '…']) { "" } else { "." };
        write!(f, ": {words}{end}")
    }
}

/// How long to wait, in words, rounded up.
struct Span(Option<Duration>);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.map_or(0, |wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        let (number, unit) = match seconds {
            0..=1 => return f.write_str("a moment"),
            2..=119 => (seconds, "seconds"),
            120..=7_199 => (seconds.div_ceil(60), "minutes"),
            7_200..=172_799 => (seconds.div_ceil(3_600), "hours"),
            _ => (seconds.div_ceil(86_400), "days"),
        };
        write!(f, "{number} {unit}")
    }
}

/// An error's text with a capital first letter.
struct Sentence<'e>(&'e ModelError);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let mut letters = text.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().try_for_each(|c| write!(f, "{c}"))?;
        f.write_str(letters.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_told_with_its_length_and_the_providers_words() {
        let told = |seconds: Option<f64>| {
            let retry_after = seconds.map(Duration::from_secs_f64);
            ModelError::RateLimited { retry_after, message: "Slow down".to_owned() }.problem().message
        };
        let before = "The model provider limits the rate of requests: Slow down. Try again in ";
        assert_eq!(told(None), format!("{before}a moment."));
        assert_eq!(told(Some(12.1)), format!("{before}13 seconds."));
        assert_eq!(told(Some(3_600.0)), format!("{before}60 minutes."));
        assert_eq!(told(Some(86_400.0)), format!("{before}24 hours."));
    }
}
