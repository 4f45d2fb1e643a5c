//! Concurrent lanes that repeat a piece of work, and what they measured.

use std::{
    fmt,
    time::{Duration, Instant},
};

/// The time measured in one lane or all.
#[derive(Debug, Default, Clone)]
pub struct Samples {
    durations: Vec<Duration>,
}

impl Samples {
    pub fn add(&mut self, duration: Duration) {
        self.durations.push(duration);
    }

    pub fn len(&self) -> usize {
        self.durations.len()
    }

    pub fn is_empty(&self) -> bool {
        self.durations.is_empty()
    }

    pub fn merge(&mut self, other: Self) {
        self.durations.extend(other.durations);
    }

    /// The value below which `share` of the samples lie, in milliseconds.
    pub fn quantile(&mut self, share: f64) -> f64 {
        self.durations.sort_unstable();
        let place = (self.durations.len() as f64 * share) as usize;
        let place = place.min(self.durations.len().saturating_sub(1));
        self.durations.get(place).map_or(f64::NAN, |duration| duration.as_secs_f64() * 1_000.0)
    }
}

/// What a run measured.
#[derive(Debug, Default)]
pub struct Run {
    pub samples: Samples,
    pub elapsed: Duration,
}

impl Run {
    /// Adds what another run of the same work measured.
    pub fn merge(&mut self, other: Self) {
        self.samples.merge(other.samples);
        self.elapsed += other.elapsed;
    }

    pub fn per_second(&self) -> f64 {
        self.samples.len() as f64 / self.elapsed.as_secs_f64()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut samples = self.samples.clone();
        let (median, tail) = (samples.quantile(0.5), samples.quantile(0.99));
        write!(f, "{:>9.0}/s  median {median:>8.3} ms  p99 {tail:>8.3} ms", self.per_second())
    }
}

/// Repeats `work` in `lanes` lanes for `duration`, after a tenth of it as warm-up. The work is given its lane
/// and how often the lane has done it.
///
/// # Errors
/// The first failure of any lane.
pub async fn repeat<W, F, E>(lanes: usize, duration: Duration, work: W) -> Result<Run, E>
where
    W: Fn(usize, usize) -> F + Clone,
    F: Future<Output = Result<(), E>>,
{
    let lane = |lane: usize, work: W, begin: Instant, end: Instant| async move {
        let mut samples = Samples::default();
        let mut round = 0;
        while Instant::now() < end {
            let begun = Instant::now();
            work(lane, round).await?;
            round += 1;
            if begun >= begin {
                samples.add(begun.elapsed());
            }
        }
        Ok(samples)
    };
    let begin = Instant::now() + duration / 10;
    let end = begin + duration;
    let lanes = (0..lanes).map(|number| lane(number, work.clone(), begin, end));
    let mut samples = Samples::default();
    for measured in futures::future::try_join_all(lanes).await? {
        samples.merge(measured);
    }
    Ok(Run { samples, elapsed: begin.elapsed() })
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use super::*;

    #[test]
    fn a_quantile_is_the_value_below_which_that_share_lies() {
        let mut samples = Samples::default();
        assert!(samples.quantile(0.5).is_nan());
        for millis in (1..=100).rev() {
            samples.add(Duration::from_millis(millis));
        }
        assert_eq!(
            (samples.quantile(0.5), samples.quantile(0.99), samples.quantile(1.0)),
            (51.0, 100.0, 100.0)
        );
    }

    #[tokio::test]
    async fn every_lane_repeats_its_work_and_counts_its_rounds() {
        let seen = RefCell::new(BTreeSet::new());
        let run = repeat(3, Duration::from_millis(20), |lane, round| {
            seen.borrow_mut().insert((lane, round));
            async {
                tokio::task::yield_now().await;
                Ok::<_, String>(())
            }
        });
        let run = run.await.unwrap();
        let seen = seen.into_inner();
        for lane in 0..3 {
            assert!(seen.contains(&(lane, 0)) && seen.contains(&(lane, 1)), "lane {lane}");
        }
        // The warm-up is repeated but not counted.
        assert!(!run.samples.is_empty() && run.samples.len() < seen.len());
        assert!(run.elapsed >= Duration::from_millis(20));
    }

    #[tokio::test]
    async fn the_first_failure_ends_all_lanes() {
        let work = |lane, _| async move {
            tokio::task::yield_now().await;
            if lane == 1 { Err("broken") } else { Ok(()) }
        };
        assert_eq!(repeat(2, Duration::from_millis(20), work).await.unwrap_err(), "broken");
    }
}
