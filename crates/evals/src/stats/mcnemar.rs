//! Whether two runs of the same cases differ in what passes by more than chance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Fewer cases that differ than this cannot make a p-value below 0.05, however they differ: 2 · 0.5⁵ is 0.0625.
const FEWEST: usize = 6;

/// The exact test of McNemar (Psychometrika 12, 1947) over cases that passed in one run and not in the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McNemar {
    /// Passed in the second run and not in the first.
    pub fixed: usize,
    /// Passed in the first run and not in the second.
    pub broke: usize,
    /// The chance of a difference as large or larger where the runs are alike, two-sided; absent where no case differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// What is to be known about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// The test, from the cases that differ.
pub fn mcnemar(fixed: usize, broke: usize) -> McNemar {
    let all = fixed + broke;
    let (p_value, note) = match all {
        0 => (None, "no case differs, so there is nothing to test".to_owned()),
        few if few < FEWEST => {
            let note = format!(
                "{few} cases differ: too few to tell a difference from chance, whichever way they went"
            );
            (Some(two_sided(fixed.min(broke), all)), note)
        }
        _ => (Some(two_sided(fixed.min(broke), all)), String::new()),
    };
    McNemar { fixed, broke, p_value, note }
}

/// Twice the chance of at most `few` heads in `all` throws of a fair coin, and no more than 1.
fn two_sided(few: usize, all: usize) -> f64 {
    // Logarithms: 0.5 to the power of a thousand is no double.
    let mut term = super::float(all) * 0.5_f64.ln();
    let mut sum = term.exp();
    for heads in 0..few {
        term += (super::float(all - heads) / super::float(heads + 1)).ln();
        sum += term.exp();
    }
    (2.0 * sum).min(1.0)
}
