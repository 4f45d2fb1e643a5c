//! Figures as bars: the drawing beside a table, which has the same in words.

/// Height of a chart, and the width of a bar with the space beside it, in units of the drawing.
const HEIGHT: u64 = 100;
const STEP: usize = 10;
const BAR: usize = 8;

/// Bars side by side, from the first to the last.
pub(crate) struct Chart {
    pub width: usize,
    pub bars: Vec<Bar>,
}

pub(crate) struct Bar {
    pub x: usize,
    pub y: u64,
    pub width: usize,
    pub height: u64,
    /// What it stands for, in words.
    pub title: String,
}

impl Chart {
    /// Of values with what they are called.
    pub(crate) fn new(values: impl IntoIterator<Item = (u64, String)>) -> Self {
        let values: Vec<(u64, String)> = values.into_iter().collect();
        let most = values.iter().map(|(value, _)| *value).max().unwrap_or(0);
        let bars = values.into_iter().enumerate().map(|(place, (value, title))| {
            let height = share(value, most, HEIGHT);
            Bar { x: place * STEP, y: HEIGHT - height, width: BAR, height, title }
        });
        let bars: Vec<Bar> = bars.collect();
        Self { width: (bars.len() * STEP).max(STEP), bars }
    }
}

/// A value's part of the most, of `whole`: at least one where there is anything.
pub(crate) fn share(value: u64, most: u64, whole: u64) -> u64 {
    if value == 0 || most == 0 {
        return 0;
    }
    let part = u128::from(value.min(most)) * u128::from(whole) / u128::from(most);
    u64::try_from(part).unwrap_or(whole).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_heights_by_the_highest_and_what_is_little_is_seen() {
        let chart = Chart::new([(0, "a".into()), (1, "b".into()), (500, "c".into()), (1_000, "d".into())]);
        let heights: Vec<_> = chart.bars.iter().map(|bar| (bar.x, bar.y, bar.height)).collect();
        assert_eq!(heights, [(0, 100, 0), (10, 99, 1), (20, 50, 50), (30, 0, 100)]);
        assert_eq!(chart.width, 40);
        assert_eq!(share(u64::MAX, u64::MAX, 100), 100);
        assert_eq!(Chart::new([]).width, 10);
    }
}
