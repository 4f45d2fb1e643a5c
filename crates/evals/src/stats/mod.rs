//! What many runs come to: how often cases pass, how sure that is, and what differs between two runs.
//!
//! Of every figure the denominator is what was *started*. A trial that the infrastructure kept from being judged is
//! counted as not passed, and its number stands beside the figure.
//!
//! | module | holds |
//! |---|---|
//! | [`passing`] | pass@1, pass^k, flaky cases |
//! | [`interval`] | how sure a mean is |
//! | [`mcnemar`] | whether two runs pass by chance alone as differently as they do |
//! | [`paired`] | how much the scores of two runs differ |
//! | [`quantile`] | p50 and p95 |
//! | [`summary`] | all of it, of a run, a tag or a case |

pub mod interval;
pub mod mcnemar;
pub mod paired;
pub mod passing;
pub mod quantile;
pub mod summary;
#[cfg(test)]
mod tests;

pub use self::{
    interval::{Interval, Method, bootstrap_mean, wilson},
    mcnemar::{McNemar, mcnemar},
    paired::{Paired, paired},
    passing::{Tally, pass_hat},
    quantile::quantile,
    summary::{Summary, Trial, TrialOutcome, summarize},
};

/// How sure an interval is to hold the truth.
pub const LEVEL: f64 = 0.95;

#[expect(clippy::cast_precision_loss, reason = "counts of trials are far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / float(values.len())
}
