//! How much the scores of two runs of the same cases differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Interval, bootstrap_mean};

/// The differences of scores, case by case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Paired {
    /// Cases that are in both runs.
    pub cases: usize,
    /// The mean of the differences, the second run's score less the first's; absent where no case is in both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Interval>,
}

/// The differences of scores, each pair the first and the second run's of one case, with a bootstrap that draws cases.
pub fn paired(scores: &[(f64, f64)], seed: u64) -> Paired {
    let differences: Vec<_> = scores.iter().map(|(first, second)| second - first).collect();
    Paired { cases: scores.len(), difference: bootstrap_mean(&differences, seed) }
}
