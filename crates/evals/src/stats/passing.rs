//! How often cases pass.

use super::float;

/// The trials of a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub started: usize,
    pub passed: usize,
    /// Not judged, by a fault of the infrastructure or of a grader: among those started, and never among those passed.
    pub unjudged: usize,
}

impl Tally {
    /// Whether it passes sometimes: of the trials that were judged, some did and some did not.
    pub fn is_flaky(&self) -> bool {
        self.passed > 0 && self.passed + self.unjudged < self.started
    }

    /// The part of its trials that passed; none where none was started.
    pub fn pass_rate(&self) -> Option<f64> {
        (self.started > 0).then(|| float(self.passed) / float(self.started))
    }

    /// The chance that `k` trials chosen from those made all passed: C(passed, k) / C(started, k), the estimator of
    /// τ-bench (arXiv 2406.12045). None where fewer than `k` were started.
    pub fn pass_hat(&self, k: usize) -> Option<f64> {
        if k == 0 || self.started < k {
            return None;
        }
        // The product of (passed - i) / (started - i): no factorial grows out of what a number holds.
        Some((0..k).map(|i| float(self.passed.saturating_sub(i)) / float(self.started - i)).product())
    }
}

/// pass^k of several cases: the mean of theirs. None without a case, or where one has fewer than `k` trials: leaving it
/// out would be another set of cases.
pub fn pass_hat(cases: &[Tally], k: usize) -> Option<f64> {
    let all: Vec<_> = cases.iter().map(|case| case.pass_hat(k)).collect::<Option<_>>()?;
    (!all.is_empty()).then(|| super::mean(&all))
}
