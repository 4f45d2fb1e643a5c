//! The clock, randomness and the ids made of both, injected so that a test decides them.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use uuid::{Builder, Uuid};

use crate::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Fills buffers with unpredictable bytes.
pub trait Random: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock, the source of randomness and the maker of ids that a use case is given.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    /// The microsecond of the last id: no two ids of a process share one, so that ids made one after the
    /// other sort that way.
    last_id: Arc<AtomicU64>,
}

impl Environment {
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random, last_id: Arc::default() }
    }

    /// The system's clock and the operating system's randomness.
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(SystemRandom))
    }

    /// A clock that stands at `now`, and a sequence of randomness that is the same for every use of `seed`: whatever is
    /// done with it in the same order is the same in every byte. Never for what is to be kept secret.
    pub fn reproducible(now: Timestamp, seed: u64) -> Self {
        Self::new(Arc::new(ManualClock::at(now)), Arc::new(SeededRandom::new(seed)))
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A new UUIDv7 (RFC 9562): milliseconds, then the fraction of the millisecond in the twelve bits of
    /// `rand_a` (method 3 of section 6.2), then randomness, so that ids sort by the time they were made; one
    /// process's ids in the order in which it made them.
    pub fn new_id<Id: From<Uuid>>(&self) -> Id {
        let now = self.now().micros().max(0).unsigned_abs();
        let later = |last: u64| Some(now.max(last + 1));
        let last = self.last_id.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
        let micros = now.max(last.map_or(0, |last| last + 1));
        let fraction = (micros % 1_000) * 4_096 / 1_000;
        let mut bytes = self.random::<10>();
        bytes[0] = (fraction >> 8) as u8;
        bytes[1] = (fraction & 0xff) as u8;
        Id::from(Builder::from_unix_timestamp_millis(micros / 1_000, &bytes).into_uuid())
    }
}

/// The operating system's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    fn now(&self) -> Timestamp {
        let elapsed =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Timestamp::EPOCH.plus(elapsed)
    }
}

/// The operating system's randomness.
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::expect_used, clippy::disallowed_methods, reason = "nothing is safe without randomness")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives randomness");
    }
}

/// A clock that moves only when told to.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.micros()))
    }

    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A reproducible sequence (SplitMix64), for data and tests that must be the same on every run; never for
/// secrets.
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let block = (mixed ^ (mixed >> 31)).to_le_bytes();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RecordId;

    #[test]
    fn ids_sort_by_the_time_they_were_made() {
        let clock = Arc::new(ManualClock::at("2026-03-01T09:30:00Z".parse().unwrap()));
        let environment = Environment::new(clock.clone(), Arc::new(SeededRandom::new(7)));
        // A clock that stands still for a while does not matter.
        let ids: Vec<RecordId> = (0..100)
            .map(|round| {
                clock.advance(Duration::from_micros(round / 50));
                environment.new_id()
            })
            .collect();
        let mut sorted = ids.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(ids, sorted);
        assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
    }
}
