//! Instants and dates in words, in the reader's time zone.

use super::Shown;
use kontor_core::{
    caller::Caller,
    environment::Environment,
    locale::{DateLanguage, TimeZone},
    time::{Date, Timestamp},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment, the time zone it is looked at from, and the language that dates are read in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub now: Timestamp,
    pub zone: TimeZone,
    pub dates: DateLanguage,
}

impl Clock {
    /// The one of whoever looks at a page.
    pub(crate) fn of(environment: &Environment, caller: &Caller) -> Self {
        Self { now: environment.now(), zone: caller.locale.time_zone, dates: caller.locale.dates }
    }

    pub(crate) fn today(self) -> Date {
        self.zone.date(self.now)
    }
}

/// An instant as far from now as a person would say: `5 min ago`, `yesterday`, `12 Nov`.
pub(crate) fn instant(at: Timestamp, clock: Clock) -> Shown {
    let seconds = (clock.now.micros() - at.micros()) / 1_000_000;
    let distance = seconds.abs();
    let ago = |amount: i64, unit: &str| {
        if seconds >= 0 { format!("{amount} {unit} ago") } else { format!("in {amount} {unit}") }
    };
    let (day, today) = (clock.zone.date(at), clock.today());
    let days = days_between(day, today);
    let text = match distance {
        ..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => ago(distance / MINUTE, "min"),
        HOUR..DAY => ago(distance / HOUR, "h"),
        _ if days.abs() == 1 => if days < 0 { "yesterday" } else { "tomorrow" }.to_owned(),
        _ if days.abs() < 7 => ago(days.abs(), "days"),
        _ => calendar(day, today, clock.dates),
    };
    let (hour, minute) = time_of(at, clock.zone);
    let full = format!("{day} {hour:02}:{minute:02} {}", clock.zone.abbreviation(at));
    Shown::When { machine: at.to_string(), text, full, is_exact: false }
}

/// An instant to the minute, with the zone that it is told in.
pub(crate) fn exact(at: Timestamp, clock: Clock) -> Shown {
    let (day, _, _) = clock.zone.wall_clock(at);
    let (hour, minute) = time_of(at, clock.zone);
    let (date, time) = (clock.dates.date(day), clock.dates.time(hour, minute));
    let text = format!("{date}, {time} {}", clock.zone.abbreviation(at));
    let full = instant(at, clock).plain().unwrap_or_default();
    Shown::When { machine: at.to_string(), text, full, is_exact: true }
}

fn time_of(at: Timestamp, zone: TimeZone) -> (u8, u8) {
    let (_, hour, minute) = zone.wall_clock(at);
    (hour, minute)
}

/// A calendar date: `today`, `12 Nov`, `3 Feb 2027`.
pub(crate) fn date(date: Date, clock: Clock) -> Shown {
    let today = clock.today();
    let text = match days_between(date, today) {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        _ => calendar(date, today, clock.dates),
    };
    Shown::When { machine: date.to_string(), text, full: date.to_string(), is_exact: false }
}

fn days_between(date: Date, today: Date) -> i64 {
    (date.inner() - today.inner()).whole_days()
}

fn calendar(date: Date, today: Date, dates: DateLanguage) -> String {
    if date.inner().year() == today.inner().year() { dates.day(date) } else { dates.date(date) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        Clock { now, zone: TimeZone::UTC, dates: DateLanguage::default() }
    }

    fn words(shown: Shown) -> String {
        match shown {
            Shown::When { text, .. } => text,
            _ => String::new(),
        }
    }

    #[test]
    fn instants_are_told_as_a_person_would() {
        let clock = clock();
        for (at, expected) in [
            ("2026-11-22T11:59:40Z", "just now"),
            ("2026-11-22T11:55:00Z", "5 min ago"),
            ("2026-11-22T09:00:00Z", "3 h ago"),
            ("2026-11-22T15:00:00Z", "in 3 h"),
            ("2026-11-21T09:00:00Z", "yesterday"),
            ("2026-11-23T13:00:00Z", "tomorrow"),
            ("2026-11-19T09:00:00Z", "3 days ago"),
            ("2026-10-02T09:00:00Z", "2 Oct"),
            ("2025-10-02T09:00:00Z", "2 Oct 2025"),
        ] {
            assert_eq!(words(instant(at.parse().unwrap(), clock)), expected, "{at}");
        }
    }

    #[test]
    fn an_exact_instant_says_in_which_zone_it_is() {
        let clock = clock();
        let shown = exact("2026-11-05T09:07:30Z".parse().unwrap(), clock);
        assert_eq!(words(shown), "5 Nov 2026, 09:07 UTC");
        let tokyo = Clock { zone: "Asia/Tokyo".parse().unwrap(), ..clock };
        let shown = exact("2026-11-05T19:07:30Z".parse().unwrap(), tokyo);
        assert_eq!(words(shown), "6 Nov 2026, 04:07 JST");
        assert_eq!(words(instant("2026-11-21T16:00:00Z".parse().unwrap(), tokyo)), "20 h ago");
    }

    #[test]
    fn dates_name_the_days_around_today() {
        for (day, expected) in [
            ("2026-11-22", "today"),
            ("2026-11-23", "tomorrow"),
            ("2026-11-21", "yesterday"),
            ("2026-12-24", "24 Dec"),
            ("2027-02-03", "3 Feb 2027"),
        ] {
            assert_eq!(words(date(day.parse().unwrap(), clock())), expected);
        }
        let german = Clock { dates: "de-DE".parse().unwrap(), ..clock() };
        assert_eq!(words(date("2027-02-03".parse().unwrap(), german)), "03.02.2027");
        let american = Clock { dates: "en-US".parse().unwrap(), ..clock() };
        let shown = exact("2026-11-05T19:07:30Z".parse().unwrap(), american);
        assert_eq!(words(shown), "Nov 5, 2026, 7:07 PM UTC");
    }
}
