//! Instants and dates in words. Everything is reckoned in UTC here; a page's script says it again in the reader's own
//! time zone.

use kontor_core::time::{Date, Timestamp};
use time::macros::format_description;

use super::Shown;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An instant as far from now as a person would say: `5 min ago`, `yesterday`, `12 Nov`.
pub(crate) fn instant(at: Timestamp, now: Timestamp) -> Shown {
    let seconds = (now.micros() - at.micros()) / 1_000_000;
    let distance = seconds.abs();
    let ago = |amount: i64, unit: &str| {
        if seconds >= 0 { format!("{amount} {unit} ago") } else { format!("in {amount} {unit}") }
    };
    let days = days_between(at.date(), now.date());
    let text = match distance {
        ..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => ago(distance / MINUTE, "min"),
        HOUR..DAY => ago(distance / HOUR, "h"),
        _ if days.abs() == 1 => if days < 0 { "yesterday" } else { "tomorrow" }.to_owned(),
        _ if days.abs() < 7 => ago(days.abs(), "days"),
        _ => calendar(at.date(), now.date()),
    };
    let full = at
        .to_offset()
        .format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC"))
        .unwrap_or_else(|_| at.to_string());
    Shown::When { machine: at.to_string(), text, full, is_exact: false }
}

/// An instant to the minute, which says itself that it is in UTC; a script says it in the reader's own zone.
pub(crate) fn exact(at: Timestamp, now: Timestamp) -> Shown {
    let text = at
        .to_offset()
        .format(format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC"))
        .unwrap_or_else(|_| at.to_string());
    let full = instant(at, now).plain().unwrap_or_default();
    Shown::When { machine: at.to_string(), text, full, is_exact: true }
}

/// A calendar date: `today`, `12 Nov`, `3 Feb 2027`.
pub(crate) fn date(date: Date, today: Date) -> Shown {
    let text = match days_between(date, today) {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        -1 => "yesterday".to_owned(),
        _ => calendar(date, today),
    };
    Shown::When { machine: date.to_string(), text, full: date.to_string(), is_exact: false }
}

fn days_between(date: Date, today: Date) -> i64 {
    (date.inner() - today.inner()).whole_days()
}

fn calendar(date: Date, today: Date) -> String {
    let month = &date.inner().month().to_string()[..3];
    let (day, year) = (date.inner().day(), date.inner().year());
    if year == today.inner().year() { format!("{day} {month}") } else { format!("{day} {month} {year}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(shown: Shown) -> String {
        match shown {
            Shown::When { text, .. } => text,
            _ => String::new(),
        }
    }

    #[test]
    fn instants_are_told_as_a_person_would() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
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
            assert_eq!(words(instant(at.parse().unwrap(), now)), expected, "{at}");
        }
    }

    #[test]
    fn an_exact_instant_says_that_it_is_in_utc() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let shown = exact("2026-11-05T09:07:30Z".parse().unwrap(), now);
        assert_eq!(words(shown), "5 Nov 2026, 09:07 UTC");
    }

    #[test]
    fn dates_name_the_days_around_today() {
        let today: Date = "2026-11-22".parse().unwrap();
        for (day, expected) in [
            ("2026-11-22", "today"),
            ("2026-11-23", "tomorrow"),
            ("2026-11-21", "yesterday"),
            ("2026-12-24", "24 Dec"),
            ("2027-02-03", "3 Feb 2027"),
        ] {
            assert_eq!(words(date(day.parse().unwrap(), today)), expected);
        }
    }
}
