//! How sure a mean is.

use kontor_core::environment::{Random as _, SeededRandom};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LEVEL, float, mean, quantile};

/// The standard normal's quantile for [`LEVEL`], two-sided.
const Z: f64 = 1.959_963_984_540_054;
/// How many times a bootstrap draws.
pub const RESAMPLES: usize = 10_000;
/// Fewer values than this say too little to draw from.
const FEWEST: usize = 5;

/// A mean or difference with how sure it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    pub mean: f64,
    /// Absent where nothing honest can be said; `note` says why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// 0.95.
    pub level: f64,
    pub method: Method,
    /// What is to be known about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// How an interval was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Wilson's score interval, for parts of a whole.
    Wilson,
    /// Percentiles of 10,000 draws with replacement, with a fixed seed.
    BootstrapPercentile,
    /// There is none.
    None,
}

impl Interval {
    fn none(mean: f64, note: impl Into<String>) -> Self {
        Self { mean, low: None, high: None, level: LEVEL, method: Method::None, note: note.into() }
    }
}

/// The part of `all` that `some` are, with Wilson's score interval (JASA 22, 1927), which has a width also where none or
/// all are. None of nothing.
pub fn wilson(some: usize, all: usize) -> Option<Interval> {
    if all == 0 {
        return None;
    }
    let (n, p) = (float(all), float(some) / float(all));
    let squared = Z * Z;
    let middle = (p + squared / (2.0 * n)) / (1.0 + squared / n);
    let half = Z / (1.0 + squared / n) * (p * (1.0 - p) / n + squared / (4.0 * n * n)).sqrt();
    // At the ends the bound is exact, and the square root is not.
    let low = if some == 0 { 0.0 } else { middle - half };
    let high = if some == all { 1.0 } else { middle + half };
    let note = match some {
        0 => "none passed: the upper bound is what is left of doubt",
        some if some == all => "all passed: the lower bound is what is left of doubt",
        _ => "",
    };
    Some(Interval {
        mean: p,
        low: Some(low),
        high: Some(high),
        level: LEVEL,
        method: Method::Wilson,
        note: note.to_owned(),
    })
}

/// The mean of values, one for each case, with a percentile bootstrap over them. None of nothing.
pub fn bootstrap_mean(values: &[f64], seed: u64) -> Option<Interval> {
    if values.is_empty() {
        return None;
    }
    let is = mean(values);
    if values.len() < FEWEST {
        let note = format!("{} values are too few to draw from", values.len());
        return Some(Interval::none(is, note));
    }
    if values.windows(2).all(|pair| matches!(pair, [a, b] if a.to_bits() == b.to_bits())) {
        let note = "all values are the same, so draws of them cannot tell how sure their mean is";
        return Some(Interval::none(is, note));
    }
    let mut means = draws(values, seed);
    means.sort_by(f64::total_cmp);
    let tail = (1.0 - LEVEL) / 2.0;
    Some(Interval {
        mean: is,
        low: quantile(&means, tail),
        high: quantile(&means, 1.0 - tail),
        level: LEVEL,
        method: Method::BootstrapPercentile,
        note: String::new(),
    })
}

/// The means of draws with replacement.
fn draws(values: &[f64], seed: u64) -> Vec<f64> {
    let random = SeededRandom::new(seed);
    let mut block = vec![0; values.len() * 8];
    (0..RESAMPLES)
        .map(|_| {
            random.fill(&mut block);
            let drawn = block.chunks_exact(8).filter_map(|bytes| {
                let number = u64::from_le_bytes(bytes.try_into().ok()?);
                // The high half of a product of two 64-bit numbers: no remainder, no visible bias.
                let at = (u128::from(number) * values.len() as u128) >> 64;
                values.get(usize::try_from(at).ok()?)
            });
            drawn.sum::<f64>() / float(values.len())
        })
        .collect()
}
