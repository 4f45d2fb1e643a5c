//! When a job is run by itself: a cron expression and the time zone it is meant in.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::{Cron, Direction};
use kontor_core::time::Timestamp;

/// Longer than any hour that comes twice.
const OVERLAP: TimeDelta = TimeDelta::hours(3);

/// A cron expression of five fields (minute, hour, day of month, month, day of week) in a time zone. A day of the
/// month and a day of the week both given are either, as in every cron.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

/// Why there is no such schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    #[error("{expression:?} is not a cron expression of five fields such as \"30 6 * * 1-5\": {reason}")]
    Expression { expression: String, reason: String },
    #[error("{0:?} is not a time zone such as Europe/Berlin")]
    Zone(String),
    #[error("{0:?} names no time that ever comes")]
    Never(String),
}

impl Schedule {
    /// # Errors
    /// [`InvalidSchedule`]; also for an expression that is never due.
    pub fn new(expression: &str, zone: &str) -> Result<Self, InvalidSchedule> {
        let invalid =
            |reason: String| InvalidSchedule::Expression { expression: expression.to_owned(), reason };
        if expression.split_whitespace().count() != 5 {
            return Err(invalid("it has not five fields".to_owned()));
        }
        let cron: Cron =
            expression.parse().map_err(|error: croner::errors::CronError| invalid(error.to_string()))?;
        let zone: Tz = zone.parse().map_err(|_| InvalidSchedule::Zone(zone.to_owned()))?;
        let schedule = Self { cron, zone };
        match schedule.after(Timestamp::from_micros(1_700_000_000_000_000)) {
            Some(_) => Ok(schedule),
            None => Err(InvalidSchedule::Never(expression.to_owned())),
        }
    }

    /// The first time after an instant.
    pub fn after(&self, instant: Timestamp) -> Option<Timestamp> {
        let instant: DateTime<Utc> = DateTime::from_timestamp_micros(instant.micros())?;
        // Asked for one time after another, the parser forgets the hour that comes twice: it has both times of a
        // minute in hand only where it saw the first. So it begins before the change, and the times are put in order.
        let from = DateTime::from_timestamp(instant.timestamp(), 0)?.checked_sub_signed(OVERLAP)?;
        let from = from.with_timezone(&self.zone);
        let beyond = instant.checked_add_signed(OVERLAP)?;
        let mut earliest: Option<DateTime<Utc>> = None;
        for time in self.cron.iter_from(from, Direction::Forward) {
            let time = time.with_timezone(&Utc);
            if time > instant {
                earliest = earliest.into_iter().chain([time]).min();
            }
            if time > beyond {
                break;
            }
        }
        Some(Timestamp::from_micros(earliest?.timestamp_micros()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The first times after an instant, as UTC.
    fn times(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::new(expression, zone).unwrap();
        let mut found = vec![at(from)];
        while found.len() <= count {
            found.push(schedule.after(*found.last().unwrap()).unwrap());
        }
        found[1..].iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_schedule_is_meant_in_its_time_zone_right_across_changes_of_the_clock() {
        let daily = times("30 6 * * *", "Europe/Berlin", "2026-10-23T12:00:00Z", 3);
        assert_eq!(daily, ["2026-10-24T04:30:00Z", "2026-10-25T05:30:00Z", "2026-10-26T05:30:00Z"]);
        let spring = times("0 9 * * *", "America/New_York", "2026-03-07T00:00:00Z", 2);
        assert_eq!(spring, ["2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z"]);
    }

    #[test]
    fn half_hours_go_on_through_the_hour_that_comes_twice() {
        // Both hours from two to three, in Berlin, on the night of the 25th.
        let night = times("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 5);
        assert_eq!(
            night,
            [
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:00:00Z"
            ]
        );
    }

    #[test]
    fn a_time_is_a_whole_minute_whenever_it_is_asked_for() {
        let next = times("*/5 * * * *", "UTC", "2026-11-29T10:10:00.941026Z", 2);
        assert_eq!(next, ["2026-11-29T10:15:00Z", "2026-11-29T10:20:00Z"]);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for expression in ["", "* * * *", "61 * * * *", "* * * * * *", "hourly"] {
            let refused = Schedule::new(expression, "UTC");
            assert!(
                matches!(refused, Err(InvalidSchedule::Expression { .. })),
                "{expression:?}: {refused:?}"
            );
        }
        assert!(matches!(Schedule::new("0 0 * * *", "Mars/Olympus"), Err(InvalidSchedule::Zone(_))));
        assert!(matches!(Schedule::new("0 0 30 2 *", "UTC"), Err(InvalidSchedule::Never(_))));
    }
}
