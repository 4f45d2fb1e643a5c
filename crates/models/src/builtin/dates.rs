//! Days and periods as people say them, reckoned from the date in the system prompt.

use kontor_core::time::Date;

use super::words::Phrase;

/// From a day to the day before another; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Option<Date>,
    /// Exclusive.
    pub(super) until: Option<Date>,
    pub(super) words: usize,
}

impl Period {
    /// The period in words.
    pub(super) fn readable(&self) -> String {
        let last = self.until.map(|until| until.plus_days(-1));
        match (self.from, last) {
            (Some(from), Some(last)) if from == last => format!("on {from}"),
            (Some(from), Some(last)) => format!("from {from} to {last}"),
            (Some(from), None) => format!("from {from} on"),
            (None, Some(last)) => format!("up to {last}"),
            (None, None) => "at any time".to_owned(),
        }
    }
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// `today`, `this month`, `next quarter`, `last 7 days`, `before friday`, `since 2026-01-01`, `in march`,
/// `between … and …`.
pub(super) fn period(phrase: Phrase<'_>, today: Date) -> Option<Period> {
    let word = phrase.at(0);
    let counted = |period: Period, more: usize| Period { words: period.words + more, ..period };
    match word {
        "on" | "in" | "during" | "within" | "the" => {
            if let Some(found) = period(phrase.from(1), today) {
                return Some(counted(found, 1));
            }
        }
        "before" | "until" | "till" => {
            let (day, words) = start(phrase.from(1), today)?;
            // Until a day includes it.
            let until = if word == "before" { day } else { day.plus_days(1) };
            return Some(Period { from: None, until: Some(until), words: words + 1 });
        }
        "by" => {
            let (day, words) = day(phrase.from(1), today)?;
            return Some(Period { from: None, until: Some(day.plus_days(1)), words: words + 1 });
        }
        "after" => {
            let found = period(phrase.from(1), today)?;
            return Some(Period { from: found.until, until: None, words: found.words + 1 });
        }
        "since" | "from" => {
            let (day, words) = start(phrase.from(1), today)?;
            return Some(Period { from: Some(day), until: None, words: words + 1 });
        }
        "between" => {
            let (first, words) = day(phrase.from(1), today)?;
            if phrase.at(1 + words) != "and" {
                return None;
            }
            let (last, more) = day(phrase.from(2 + words), today)?;
            return Some(Period {
                from: Some(first),
                until: Some(last.plus_days(1)),
                words: 2 + words + more,
            });
        }
        "this" | "current" | "next" | "last" | "past" | "previous" | "coming" => {
            if let Some(found) = relative(phrase, today) {
                return Some(found);
            }
        }
        _ => {}
    }
    if let Some((found, words)) = day(phrase, today) {
        return Some(Period { from: Some(found), until: Some(found.plus_days(1)), words });
    }
    if let Some(month) = MONTHS.iter().position(|name| *name == word) {
        let year = phrase.at(1).parse::<i32>().ok().filter(|year| (1900..=2999).contains(year));
        let from = month_start(year.unwrap_or_else(|| today.inner().year()), month as i32)?;
        return Some(Period {
            from: Some(from),
            until: Some(shift(from, 1)),
            words: 1 + usize::from(year.is_some()),
        });
    }
    None
}

/// One day: `today`, `friday`, `next friday`, `in 3 days`, `2026-12-01`, `december 1`.
pub(super) fn day(phrase: Phrase<'_>, today: Date) -> Option<(Date, usize)> {
    let word = phrase.at(0);
    match word {
        "today" | "now" | "tonight" => return Some((today, 1)),
        "yesterday" => return Some((today.plus_days(-1), 1)),
        "tomorrow" => return Some((today.plus_days(1), 1)),
        "on" | "this" | "coming" | "the" => {
            return day(phrase.from(1), today).map(|(date, words)| (date, words + 1));
        }
        "next" | "in" | "last" => {
            if let Some(weekday) = weekday(phrase.at(1)) {
                let ahead = (weekday - weekday_of(today)).rem_euclid(7);
                let ahead = if ahead == 0 { 7 } else { ahead };
                return Some((today.plus_days(if word == "last" { ahead - 7 } else { ahead }), 2));
            }
            if word == "next" && matches!(phrase.at(1), "week" | "month" | "year" | "quarter") {
                return start(phrase, today);
            }
            let (count, unit) = (phrase.at(1).parse::<i64>().ok()?, phrase.at(2));
            return (word == "in").then(|| ahead(today, count, unit)).flatten().map(|date| (date, 3));
        }
        _ => {}
    }
    if let Some(weekday) = weekday(word) {
        return Some((today.plus_days((weekday - weekday_of(today)).rem_euclid(7)), 1));
    }
    if let Ok(date) = word.parse::<Date>() {
        return Some((date, 1));
    }
    if let Some(month) =
        MONTHS.iter().position(|name| name.get(..3) == word.get(..3) && name.starts_with(word))
    {
        let number = phrase.at(1).trim_end_matches(|c: char| c.is_alphabetic()).parse::<i64>().ok()?;
        let date = month_start(today.inner().year(), month as i32)?.plus_days(number - 1);
        return (1..=31).contains(&number).then_some((date, 2));
    }
    None
}

/// Where a period begins.
fn start(phrase: Phrase<'_>, today: Date) -> Option<(Date, usize)> {
    if matches!(phrase.at(0), "before" | "until" | "till" | "after" | "since" | "from" | "between") {
        return None;
    }
    let found = period(phrase, today)?;
    Some((found.from?, found.words))
}

fn relative(phrase: Phrase<'_>, today: Date) -> Option<Period> {
    let step = match phrase.at(0) {
        "this" | "current" => 0,
        "next" | "coming" => 1,
        _ => -1,
    };
    if let Ok(count) = phrase.at(1).parse::<i64>() {
        let unit = phrase.at(2);
        let (from, until) = match step {
            1 => (today, ahead(today, count, unit)?.plus_days(1)),
            -1 => (ahead(today, -count, unit)?, today.plus_days(1)),
            _ => return None,
        };
        return Some(Period { from: Some(from), until: Some(until), words: 3 });
    }
    let (year, month) = (today.inner().year(), i32::from(u8::from(today.inner().month())) - 1);
    let (from, until) = match phrase.at(1) {
        "week" => {
            let monday = today.plus_days(step * 7 - weekday_of(today));
            (monday, monday.plus_days(7))
        }
        "month" => {
            let first = shift(month_start(year, month)?, step as i32);
            (first, shift(first, 1))
        }
        "quarter" => {
            let first = shift(month_start(year, month - month % 3)?, 3 * step as i32);
            (first, shift(first, 3))
        }
        "year" => {
            let first = month_start(year + step as i32, 0)?;
            (first, shift(first, 12))
        }
        _ => return None,
    };
    Some(Period { from: Some(from), until: Some(until), words: 2 })
}

fn ahead(today: Date, count: i64, unit: &str) -> Option<Date> {
    if !(-10_000..=10_000).contains(&count) {
        return None;
    }
    match unit {
        "day" | "days" => Some(today.plus_days(count)),
        "week" | "weeks" => Some(today.plus_days(7 * count)),
        "month" | "months" => Some(today.plus_days(30 * count)),
        "year" | "years" => Some(today.plus_days(365 * count)),
        _ => None,
    }
}

fn weekday(word: &str) -> Option<i64> {
    let found =
        WEEKDAYS.iter().position(|name| *name == word || (word.len() == 3 && name.starts_with(word)))?;
    i64::try_from(found).ok()
}

fn weekday_of(date: Date) -> i64 {
    i64::from(date.inner().weekday().number_days_from_monday())
}

/// The first day of a month, counted from 0.
fn month_start(year: i32, month: i32) -> Option<Date> {
    format!("{year:04}-{:02}-01", month + 1).parse().ok()
}

/// The first day of a month, some months on.
fn shift(first: Date, months: i32) -> Date {
    let month = i32::from(u8::from(first.inner().month())) - 1 + months;
    month_start(first.inner().year() + month.div_euclid(12), month.rem_euclid(12)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::words::Sentence;

    fn said(text: &str) -> String {
        // A Sunday.
        let today = "2026-11-22".parse().unwrap();
        period(Sentence::new(text).phrase(), today)
            .map_or_else(|| "nothing".to_owned(), |found| found.readable())
    }

    #[test]
    fn periods_are_reckoned_from_today() {
        for (text, expected) in [
            ("today", "on 2026-11-22"),
            ("this week", "from 2026-11-16 to 2026-11-22"),
            ("this month", "from 2026-11-01 to 2026-11-30"),
            ("next month", "from 2026-12-01 to 2026-12-31"),
            ("in the last 7 days", "from 2026-11-15 to 2026-11-22"),
            ("next quarter", "from 2027-01-01 to 2027-03-31"),
            ("last year", "from 2025-01-01 to 2025-12-31"),
            ("before 2026-12-01", "up to 2026-11-30"),
            ("after friday", "from 2026-11-28 on"),
            ("since last month", "from 2026-10-01 on"),
            ("in march 2027", "from 2027-03-01 to 2027-03-31"),
            ("between 2026-01-01 and 2026-01-31", "from 2026-01-01 to 2026-01-31"),
            ("in 3 days", "on 2026-11-25"),
            ("december 24", "on 2026-12-24"),
            ("sometime", "nothing"),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }
}
