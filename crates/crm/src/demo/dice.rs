use kontor_core::environment::{Random, SeededRandom};

/// Choices that fall the same way on every run with the same seed.
pub(super) struct Dice(SeededRandom);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(SeededRandom::new(seed))
    }

    /// A number from 0 to below `limit`; 0 when there is none.
    pub(super) fn below(&self, limit: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(u64::from_le_bytes(bytes) % limit).unwrap_or(0)
    }

    /// A number within a range, its end included.
    pub(super) fn between(&self, least: i64, most: i64) -> i64 {
        let span = usize::try_from(most - least + 1).unwrap_or(1);
        least + i64::try_from(self.below(span)).unwrap_or(0)
    }

    pub(super) fn pick<'a, T>(&self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Whether something happens that does so this often in a hundred times.
    pub(super) fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }
}
