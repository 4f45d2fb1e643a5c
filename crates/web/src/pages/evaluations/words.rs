//! Figures of runs in words.

use kontor_core::{reading::readable, usage::dollars};
use kontor_evals::{
    evaluations::{RunState, RunSummary},
    stats::Interval,
};

/// The colour of a badge.
pub(super) fn colour(run: &RunSummary) -> &'static str {
    match (run.state, run.passed) {
        (RunState::Queued | RunState::Cancelled, _) => "",
        (RunState::Running, _) => "blue",
        (RunState::Completed, Some(true)) => "green",
        (RunState::Completed, _) => "orange",
        (RunState::Failed, _) => "red",
    }
}

pub(super) fn state(run: &RunSummary) -> &'static str {
    match (run.state, run.passed) {
        (RunState::Queued, _) => "Waits",
        (RunState::Running, _) => "Running",
        (RunState::Completed, Some(true)) => "Passed",
        (RunState::Completed, _) => "Not passed",
        (RunState::Failed, _) => "Failed",
        (RunState::Cancelled, _) => "Cancelled",
    }
}

pub(super) fn part(value: f64) -> String {
    format!("{value:.3}")
}

pub(super) fn interval(interval: Option<&Interval>) -> String {
    match interval {
        Some(Interval { mean, low: Some(low), high: Some(high), .. }) => {
            format!("{} ({} to {})", part(*mean), part(*low), part(*high))
        }
        Some(Interval { mean, .. }) => part(*mean),
        None => "–".to_owned(),
    }
}

pub(super) fn cost(micros: u64) -> String {
    dollars(micros)
}

pub(super) fn tokens(tokens: u64) -> String {
    readable(&tokens.to_string())
}

pub(super) fn milliseconds(ms: Option<f64>) -> String {
    ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.0} ms"))
}

/// The version of a prompt that was tried.
pub(super) fn tried(run: &RunSummary) -> String {
    let agent = run.agent_version.map(|version| format!("agent {version}"));
    let prompt = match (run.prompt_version, agent.is_some()) {
        (Some(version), _) => Some(format!("prompt {version}")),
        (None, true) => Some("prompt not saved".to_owned()),
        (None, false) => None,
    };
    agent.into_iter().chain(prompt).collect::<Vec<_>>().join(", ")
}

/// The model that answered, and what it was asked for as.
pub(super) fn model(run: &RunSummary) -> String {
    match run.models.as_slice() {
        [] => run.model.clone().unwrap_or_default(),
        models => models.join(", "),
    }
}
