//! What can go wrong, in the eight kinds that every surface understands.
//!
//! Each crate keeps a small error enum with its sources and implements [`Fault`]; the [`Problem`] it yields
//! is rendered once as RFC 9457 problem details by the API, as a tool result by agents, and as retry or
//! fail by the worker.

use std::{borrow::Cow, fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::reference::RecordReference;

/// The code of a refusal for want of a scope (RFC 6750, section 3.1).
const INSUFFICIENT_SCOPE: &str = "insufficient_scope";

/// The most issues of one problem; how many more there are is told behind them.
pub const MAX_ISSUES: usize = 100;

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The input is wrong; the same request will fail again.
    Invalid,
    /// No valid credentials were given.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// There is no such thing, or the caller may not know that there is.
    NotFound,
    /// The state has changed or forbids this now.
    Conflict,
    /// A limit was reached; later it may work.
    Limited,
    /// Something this depends on is down or too slow; later it may work.
    Unavailable,
    /// A fault of ours. Details are logged, never sent.
    Internal,
}

impl ErrorKind {
    /// Whether the same request may succeed later without being changed.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Limited | Self::Unavailable)
    }
}

/// One wrong place in the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Issue {
    /// Where, as dotted path with list indexes in brackets: `filter.and[0].stage`.
    pub path: String,
    /// What kind of mistake, as a stable word: `unknown_field`, `wrong_type`, `required`.
    pub code: Cow<'static, str>,
    /// What is wrong, what was expected and, where there is one, the nearest valid name.
    pub message: String,
    /// The record that is in the way, where the one who asked may read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Box<RecordReference>>,
    /// Where in a text of several lines.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub position: Option<TextPosition>,
}

/// A place in a text, both numbers from 1; columns are counted in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TextPosition {
    pub line: u32,
    pub column: u32,
}

impl TextPosition {
    /// The place of a byte in a text.
    pub fn of_byte(text: &str, byte: usize) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self { line: number(before.matches('\n').count()), column: number(line.chars().count()) }
    }
}

impl Issue {
    pub fn new(
        path: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), code: code.into(), message: message.into(), record: None, position: None }
    }

    /// The same issue, which another record is the reason of.
    #[must_use]
    pub fn because_of(mut self, record: RecordReference) -> Self {
        self.record = Some(Box::new(record));
        self
    }

    /// The same issue, at a place in a text.
    #[must_use]
    pub fn at(mut self, position: TextPosition) -> Self {
        self.position = Some(position);
        self
    }

    /// The same issue, found at `prefix` within a larger input.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.path = join_path(prefix, &self.path);
        self
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// Joins two input paths: `a` and `b` to `a.b`, `a` and `[0]` to `a[0]`.
pub fn join_path(prefix: &str, path: &str) -> String {
    match (prefix.is_empty(), path.is_empty()) {
        (true, _) => path.to_owned(),
        (_, true) => prefix.to_owned(),
        _ if path.starts_with('[') => format!("{prefix}{path}"),
        _ => format!("{prefix}.{path}"),
    }
}

/// A failure as it is told to the one who asked: no source, no internals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Problem {
    pub kind: ErrorKind,
    /// A stable word a program can act on: `record_not_found`, `stale_version`.
    pub code: Cow<'static, str>,
    /// One sentence or two that a person can act on.
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
    /// When trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A change that says it was made of a version that there has never been.
    pub fn unknown_version(path: &str, version: i64, latest: i64) -> Self {
        let told = format!("there is no version {version}: the latest is {latest}");
        Self::of_issues(
            ErrorKind::Invalid,
            "unknown_version",
            vec![Issue::new(path, "unknown_version", told)],
        )
    }

    pub fn new(kind: ErrorKind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), issues: Vec::new(), retry_after: None }
    }

    /// Wrong input, by its issues.
    pub fn invalid(issues: Vec<Issue>) -> Self {
        Self::of_issues(ErrorKind::Invalid, "invalid_input", issues)
    }

    /// A failure that its issues tell of, at most [`MAX_ISSUES`] of them; how many more there are is the last one.
    pub fn of_issues(kind: ErrorKind, code: impl Into<Cow<'static, str>>, mut issues: Vec<Issue>) -> Self {
        let message = match issues.as_slice() {
            [] => "The input is not valid.".to_owned(),
            [issue] => issue.to_string(),
            [issue, rest @ ..] => format!("{issue} (and {} more)", rest.len()),
        };
        if issues.len() > MAX_ISSUES {
            let more = issues.len() - MAX_ISSUES;
            issues.truncate(MAX_ISSUES);
            issues.push(Issue::new("", "more_issues", format!("and {more} more")));
        }
        Self { issues, ..Self::new(kind, code, message) }
    }

    /// A fault of ours, told without details.
    pub fn internal() -> Self {
        Self::new(
            ErrorKind::Internal,
            "internal",
            "Something went wrong on our side. The details are in the server's log.",
        )
    }

    /// That the scopes of a key or token lack an operation.
    pub fn insufficient_scope(operation: &str) -> Self {
        let told = "is not among the scopes of the key or token";
        Self::of_issues(
            ErrorKind::Forbidden,
            INSUFFICIENT_SCOPE,
            vec![Issue::new(operation, INSUFFICIENT_SCOPE, told)],
        )
    }

    /// The scopes that the key or token would need.
    pub fn needed_scopes(&self) -> impl Iterator<Item = &str> {
        let lacking = self.issues.iter().filter(|issue| issue.code == INSUFFICIENT_SCOPE);
        lacking.map(|issue| issue.path.as_str())
    }

    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An error with its causes in one line, for the log: `the store failed: no connection: timed out`.
pub struct Chain<'e>(pub &'e dyn std::error::Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.0.to_string();
        f.write_str(&told)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            let cause = error.to_string();
            // Some errors tell their cause themselves.
            if !told.contains(&cause) {
                write!(f, ": {cause}")?;
                told = cause;
            }
            source = error.source();
        }
        Ok(())
    }
}

/// An error that knows how it is told to the one who asked.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    fn problem(&self) -> Problem;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Caused {
        text: &'static str,
        source: Option<Box<Caused>>,
    }

    #[test]
    fn a_hundred_issues_are_told_and_the_number_of_the_others() {
        let issues =
            |count: usize| (0..count).map(|n| Issue::new(format!("[{n}]"), "required", "is required"));
        let problem = Problem::invalid(issues(101).collect());
        assert_eq!((problem.issues.len(), problem.issues[100].message.as_str()), (101, "and 1 more"));
        assert_eq!(problem.message, "[0]: is required (and 100 more)");
        assert_eq!(Problem::invalid(issues(100).collect()).issues.len(), 100);
    }

    #[test]
    fn a_chain_names_every_cause_once() {
        let cause = |text, source: Option<Caused>| Caused { text, source: source.map(Box::new) };
        let error = cause("it failed", Some(cause("no way: closed", Some(cause("closed", None)))));
        assert_eq!(Chain(&error).to_string(), "it failed: no way: closed");
        let error = cause("it failed", Some(cause("no way", Some(cause("closed", None)))));
        assert_eq!(Chain(&error).to_string(), "it failed: no way: closed");
    }
}
