//! Exact sums of scaled 64-bit integers.

use std::ops::AddAssign;

use kontor_core::value::{is_told_exactly, scaled_to_json};
use kontor_store::Dialect;

/// Where a number is cut in two before it is added up, so that neither half's sum can overflow in SQL.
const CUT: i64 = 1_000_000;

/// The decimals an average is told with.
const AVERAGE_DECIMALS: u8 = 6;

/// A sum that may be larger than 64 bits.
#[derive(Default)]
pub(in crate::records) struct Sum(i128);

impl Sum {
    /// The SQL of the two halves of the sum of a quoted column.
    pub(in crate::records) fn halves(dialect: Dialect, column: &str) -> [String; 2] {
        dialect.sum_cut_in_two(column, CUT)
    }

    /// The sum of which these are the halves.
    pub(in crate::records) fn of(high: i64, low: i64) -> Self {
        Self(i128::from(high) * i128::from(CUT) + i128::from(low))
    }

    /// A sum that is known.
    pub(in crate::records) fn exactly(sum: i128) -> Self {
        Self(sum)
    }

    /// The sum a number of times.
    pub(in crate::records) fn times(&self, factor: i64) -> i128 {
        self.0 * i128::from(factor)
    }

    /// The sum, unless it has more digits than can be told.
    pub(in crate::records) fn exact(&self) -> Option<i64> {
        i64::try_from(self.0).ok().filter(|sum| is_told_exactly(*sum))
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// The sum divided by the count, rounded half away from zero.
pub(super) fn average(sum: &Sum, count: i64, decimals: u8) -> Option<serde_json::Value> {
    let count = i128::from(count);
    if count == 0 {
        return Some(serde_json::Value::Null);
    }
    let scale = 10_i128.pow(u32::from(AVERAGE_DECIMALS.saturating_sub(decimals)));
    let doubled = sum.0.checked_mul(scale)?.checked_mul(2)?;
    let rounded = (doubled + doubled.signum() * count) / (2 * count);
    i64::try_from(rounded).ok().map(|scaled| scaled_to_json(scaled, AVERAGE_DECIMALS.max(decimals)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sum_beyond_64_bits_is_known_not_to_fit() {
        assert_eq!(Sum::of(5, 7).exact(), Some(5_000_007));
        assert_eq!(Sum::of(i64::MAX, 0).exact(), None);
    }

    #[test]
    fn a_sum_that_a_double_would_round_is_known_not_to_fit() {
        let fits = 999_999_999_999_999;
        assert_eq!(Sum::of(0, fits).exact(), Some(fits));
        assert_eq!(Sum::of(0, -fits * 1_000).exact(), Some(-fits * 1_000));
        assert_eq!(Sum::of(0, fits * 10 + 1).exact(), None);
    }

    #[test]
    fn an_average_is_rounded_half_away_from_zero() {
        assert_eq!(average(&Sum::of(0, 100), 3, 0), Some(json!(33.333_333)));
        assert_eq!(average(&Sum::of(0, -200), 3, 0), Some(json!(-66.666_667)));
        assert_eq!(average(&Sum::of(0, 5), 2, 6), Some(json!(0.000_003)));
        assert_eq!(average(&Sum::of(0, 0), 0, 0), Some(json!(null)));
    }
}
