//! By how much the clocks of a zone are ahead of UTC, over a time: for what cannot ask a zone about each instant, such
//! as a database.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use chrono::Offset as _;
use chrono_tz::Tz;

use super::TimeZone;
use crate::time::Timestamp;

/// A zone's clocks are not changed twice within it.
const STEP: Duration = Duration::from_secs(24 * 60 * 60);
/// Between which instants (of the years 1900 and 2101) clocks are changed: before there was no time of a zone, and for
/// later the database of zones foresees nothing.
const FIRST: Timestamp = Timestamp::of_micros(-2_208_988_800_000_000);
const LAST: Timestamp = Timestamp::of_micros(4_133_980_800_000_000);

/// The offsets of a zone over a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offsets {
    /// In seconds, positive east of Greenwich: up to the first change.
    pub first: i32,
    /// When clocks were changed, and the offset in seconds from then on; in order.
    pub changes: Vec<(Timestamp, i32)>,
}

impl Offsets {
    pub const UTC: Self = Self { first: 0, changes: Vec::new() };
}

impl TimeZone {
    /// The offsets of instants from `first` to `last`: each change of the clocks in between, of which there are two in
    /// most years, and some three hundred in all.
    pub fn offsets(self, first: Timestamp, last: Timestamp) -> Offsets {
        let all = self.all_changes();
        let before = all.partition_point(|(at, _)| *at <= first);
        let through = all.partition_point(|(at, _)| *at <= last).max(before);
        let offset = match before.checked_sub(1).and_then(|place| all.get(place)) {
            Some((_, offset)) => *offset,
            None => self.offset(FIRST),
        };
        Offsets { first: offset, changes: all.get(before..through).unwrap_or_default().to_vec() }
    }

    /// The offsets of all instants.
    pub fn all_offsets(self) -> Offsets {
        self.offsets(FIRST, LAST)
    }

    /// Every change of the clocks, found once in a process.
    fn all_changes(self) -> Arc<[(Timestamp, i32)]> {
        type Known = HashMap<Tz, Arc<[(Timestamp, i32)]>>;
        static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changes) = known().get(&self.0) {
            return changes.clone();
        }
        let mut changes = Vec::new();
        let (mut at, mut offset) = (FIRST, self.offset(FIRST));
        while at < LAST {
            let next = at.plus(STEP);
            let later = self.offset(next);
            if later != offset {
                changes.push((self.change(at, next, offset), later));
            }
            (at, offset) = (next, later);
        }
        known().entry(self.0).or_insert_with(|| changes.into()).clone()
    }

    /// The first second of the two instants at which the offset is another.
    fn change(self, before: Timestamp, after: Timestamp, offset: i32) -> Timestamp {
        const SECOND: i64 = 1_000_000;
        let (mut before, mut after) = (before.micros() / SECOND, after.micros() / SECOND);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            let is_before = self.offset(Timestamp::from_micros(middle * SECOND)) == offset;
            if is_before { before = middle } else { after = middle }
        }
        Timestamp::from_micros(after * SECOND)
    }

    fn offset(self, at: Timestamp) -> i32 {
        self.zoned(at).offset().fix().local_minus_utc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn offsets(zone: &str, first: &str, last: &str) -> (i32, Vec<(String, i32)>) {
        let Offsets { first, changes } = zone.parse::<TimeZone>().unwrap().offsets(at(first), at(last));
        (first, changes.into_iter().map(|(at, offset)| (at.to_string(), offset)).collect())
    }

    fn change(at: &str, offset: i32) -> (String, i32) {
        (at.to_owned(), offset)
    }

    #[test]
    fn a_zones_clocks_are_changed_when_its_offset_is_another() {
        let year = ("2026-01-01T00:00:00Z", "2026-12-31T23:00:00Z");
        assert_eq!(
            offsets("Europe/Berlin", year.0, year.1),
            (3_600, vec![change("2026-03-29T01:00:00Z", 7_200), change("2026-10-25T01:00:00Z", 3_600)])
        );
        assert_eq!(offsets("Asia/Kathmandu", year.0, year.1), (20_700, vec![]));
        assert_eq!(offsets("UTC", year.0, year.1), (0, vec![]));
        // A whole day was skipped.
        assert_eq!(
            offsets("Pacific/Apia", "2011-12-01T00:00:00Z", "2011-12-31T00:00:00Z"),
            (-36_000, vec![change("2011-12-30T10:00:00Z", 50_400)])
        );
        let one = offsets("Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z");
        assert_eq!(one, (7_200, vec![]), "it is changed already");
    }

    #[test]
    fn the_offsets_of_every_zone_are_those_that_its_clocks_show() {
        for name in TimeZone::names() {
            let zone: TimeZone = name.parse().unwrap();
            let Offsets { first, changes } = zone.all_offsets();
            assert!(changes.len() < 400, "{name} has {} changes", changes.len());
            let mut instant = FIRST;
            let mut seen = 0;
            // An odd number of hours, so that every time of the day has its turn.
            while instant < LAST {
                while changes.get(seen).is_some_and(|(at, _)| *at <= instant) {
                    seen += 1;
                }
                let offset = seen.checked_sub(1).map_or(first, |last| changes[last].1);
                assert_eq!(offset, zone.offset(instant), "{name} at {instant}");
                instant = instant.plus(Duration::from_secs(61 * 60 * 60 + 7 * 60));
            }
        }
    }
}
