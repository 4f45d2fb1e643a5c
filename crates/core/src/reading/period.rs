//! Periods as people say them, reckoned from today.

use super::{
    Found, Lean, Read, Unread, at, bounded, date,
    date::{add_months, day_of, month, span, weekday_of, year},
    from, whole,
};
use crate::time::Date;

const EXPECTED_PERIOD: &str =
    "a date such as 2026-03-01 or a period such as today, this month or last 30 days";

/// From a day to the day before another; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub from: Option<Date>,
    /// Exclusive.
    pub until: Option<Date>,
}

impl Period {
    fn between(from: Date, until: Date) -> Self {
        Self { from: Some(from), until: Some(until) }
    }

    fn day(date: Date) -> Self {
        Self::between(date, date.plus_days(1))
    }

    /// The period in words: `on 2026-12-01`, `from 2026-12-01 to 2026-12-31`.
    pub fn readable(&self) -> String {
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

/// `today`, `this month`, `next quarter`, `last 7 days`, `within 2 weeks`, `before friday`, `since 2026-01-01`,
/// `in march`, `in Q1`, `in 2027`, `between … and …`.
///
/// # Errors
/// As [`date`].
pub fn period(words: &[&str], today: Date, lean: Lean) -> Found<Period> {
    let words = bounded(words);
    let word = at(words, 0);
    let rest = from(words, 1);
    match word {
        "within" => {
            let the = usize::from(at(rest, 0) == "the");
            let the_next = the + usize::from(matches!(at(rest, the), "next" | "coming" | "last" | "past"));
            if let Some(span) = span(from(rest, the_next)) {
                let period = match lean {
                    Lean::Ahead => Period::between(today, span.value.after(today).plus_days(1)),
                    Lean::Behind => Period::between(span.value.before(today), today.plus_days(1)),
                };
                return Ok(Some(Read::new(period, 1 + the_next + span.words)));
            }
            return Ok(period(rest, today, lean)?.map(|read| read.after(1)));
        }
        "on" | "in" | "during" | "the" | "for" => {
            if let Some(read) = period(rest, today, lean)? {
                return Ok(Some(read.after(1)));
            }
        }
        "before" | "until" | "till" => {
            let Some(start) = start(rest, today, lean)? else { return Ok(None) };
            // Until a day includes it.
            let until = if word == "before" { start.value } else { start.value.plus_days(1) };
            return Ok(Some(Read::new(Period { from: None, until: Some(until) }, start.words + 1)));
        }
        "by" => {
            let Some(day) = date(rest, today, lean)? else { return Ok(None) };
            let until = Some(day.value.plus_days(1));
            return Ok(Some(Read::new(Period { from: None, until }, day.words + 1)));
        }
        "after" => {
            let Some(read) = period(rest, today, lean)? else { return Ok(None) };
            return Ok(Some(read.after(1).map(|before| Period { from: before.until, until: None })));
        }
        "since" | "from" => {
            // What began then has begun.
            let Some(start) = start(rest, today, Lean::Behind)? else { return Ok(None) };
            let joined = from(rest, start.words);
            if word == "from"
                && matches!(at(joined, 0), "to" | "until" | "till" | "through")
                && let Some(last) = date(from(joined, 1), today, lean)?
            {
                let period = Period::between(start.value, last.value.plus_days(1));
                return Ok(Some(Read::new(period, 2 + start.words + last.words)));
            }
            return Ok(Some(Read::new(Period { from: Some(start.value), until: None }, start.words + 1)));
        }
        "between" => {
            let Some(first) = date(rest, today, lean)? else { return Ok(None) };
            if at(rest, first.words) != "and" {
                return Ok(None);
            }
            let Some(last) = date(from(rest, first.words + 1), today, lean)? else { return Ok(None) };
            let period = Period::between(first.value, last.value.plus_days(1));
            return Ok(Some(Read::new(period, 2 + first.words + last.words)));
        }
        _ => {}
    }
    if let Some(read) = relative(words, today) {
        return Ok(Some(read));
    }
    if let Some(day) = date(words, today, lean)? {
        return Ok(Some(day.map(Period::day)));
    }
    Ok(calendar(words, today, lean))
}

/// A text that is a period from its beginning to its end.
///
/// # Errors
/// What it is not, or which two it may be.
pub fn whole_period(text: &str, today: Date, lean: Lean) -> Result<Period, Unread> {
    whole(text, EXPECTED_PERIOD, |words| period(words, today, lean))
}

/// Where a period begins.
fn start(words: &[&str], today: Date, lean: Lean) -> Found<Date> {
    if matches!(at(words, 0), "before" | "until" | "till" | "after" | "since" | "from" | "between" | "by") {
        return Ok(None);
    }
    let Some(read) = period(words, today, lean)? else { return Ok(None) };
    Ok(read.value.from.map(|from| Read::new(from, read.words)))
}

/// `this week`, `next month`, `last quarter`, `next 30 days`, `last 2 weeks`, `coming year`.
pub(super) fn relative(words: &[&str], today: Date) -> Option<Read<Period>> {
    let step: i32 = match at(words, 0) {
        "this" | "current" => 0,
        "next" | "coming" | "upcoming" => 1,
        "last" | "past" | "previous" => -1,
        _ => return None,
    };
    if step != 0
        && let Some(span) = span(from(words, 1))
    {
        let period = match step {
            1 => Period::between(today, span.value.after(today).plus_days(1)),
            _ => Period::between(span.value.before(today), today.plus_days(1)),
        };
        return Some(Read::new(period, 1 + span.words));
    }
    let (year, month) = (today.inner().year(), i32::from(u8::from(today.inner().month())));
    let (from, until) = match at(words, 1) {
        "week" => {
            let monday = today.plus_days(i64::from(step) * 7 - weekday_of(today));
            (monday, monday.plus_days(7))
        }
        "weekend" => {
            let saturday = today.plus_days(i64::from(step) * 7 + 5 - weekday_of(today));
            (saturday, saturday.plus_days(2))
        }
        unit => {
            let (first, months) = match unit {
                "month" => (day_of(year, month, 1)?, 1),
                "quarter" => (day_of(year, month - (month - 1) % 3, 1)?, 3),
                "year" => (day_of(year, 1, 1)?, 12),
                _ => return None,
            };
            let first = add_months(first, step * months);
            (first, add_months(first, months))
        }
    };
    Some(Read::new(Period::between(from, until), 2))
}

/// `march`, `march 2027`, `q1`, `q1 2027`, `2027`: without its year the one that is not over, or that has begun.
pub(super) fn calendar(words: &[&str], today: Date, lean: Lean) -> Option<Read<Period>> {
    let word = at(words, 0);
    if let Some(year) = year(word) {
        let first = day_of(year, 1, 1)?;
        return Some(Read::new(Period::between(first, add_months(first, 12)), 1));
    }
    let (first_month, months) = match (month(word), quarter(word)) {
        (Some(month), _) => (month, 1),
        (None, Some(quarter)) => (3 * quarter - 2, 3),
        (None, None) => return None,
    };
    let of = |year: i32| {
        let first = day_of(year, first_month, 1)?;
        Some(Period::between(first, add_months(first, months)))
    };
    if let Some(year) = year(at(words, 1)) {
        return Some(Read::new(of(year)?, 2));
    }
    let this_year = today.inner().year();
    let period = of(this_year)?;
    let period = match lean {
        Lean::Ahead if period.until.is_some_and(|until| until <= today) => of(this_year + 1)?,
        Lean::Behind if period.from.is_some_and(|from| from > today) => of(this_year - 1)?,
        _ => period,
    };
    Some(Read::new(period, 1))
}

fn quarter(word: &str) -> Option<i32> {
    let digits = word.strip_prefix('q')?;
    digits.parse().ok().filter(|quarter| digits.len() == 1 && (1..=4).contains(quarter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, lean: Lean) -> String {
        // A Sunday.
        let today = "2026-11-22".parse().unwrap();
        super::super::whole(text, "a period", |words| period(words, today, lean))
            .map_or_else(|why| why.code().to_owned(), |found| found.readable())
    }

    #[test]
    fn periods_are_reckoned_from_today() {
        for (text, expected) in [
            ("today", "on 2026-11-22"),
            ("this week", "from 2026-11-16 to 2026-11-22"),
            ("this month", "from 2026-11-01 to 2026-11-30"),
            ("next month", "from 2026-12-01 to 2026-12-31"),
            ("this weekend", "from 2026-11-21 to 2026-11-22"),
            ("in the last 7 days", "from 2026-11-15 to 2026-11-22"),
            ("in the next 2 weeks", "from 2026-11-22 to 2026-12-06"),
            ("within 2 weeks", "from 2026-11-22 to 2026-12-06"),
            ("within the next 30 days", "from 2026-11-22 to 2026-12-22"),
            ("within next month", "from 2026-12-01 to 2026-12-31"),
            ("next quarter", "from 2027-01-01 to 2027-03-31"),
            ("last year", "from 2025-01-01 to 2025-12-31"),
            ("before 2026-12-01", "up to 2026-11-30"),
            ("by friday", "up to 2026-11-27"),
            ("after friday", "from 2026-11-28 on"),
            ("since last month", "from 2026-10-01 on"),
            ("in march 2027", "from 2027-03-01 to 2027-03-31"),
            ("in january", "from 2027-01-01 to 2027-01-31"),
            ("in november", "from 2026-11-01 to 2026-11-30"),
            ("in q1", "from 2027-01-01 to 2027-03-31"),
            ("q4", "from 2026-10-01 to 2026-12-31"),
            ("in 2027", "from 2027-01-01 to 2027-12-31"),
            ("between 2026-01-01 and 2026-01-31", "from 2026-01-01 to 2026-01-31"),
            ("from 2026-01-01 to 2026-01-31", "from 2026-01-01 to 2026-01-31"),
            ("in 3 days", "on 2026-11-25"),
            ("december 24", "on 2026-12-24"),
        ] {
            assert_eq!(said(text, Lean::Ahead), expected, "{text}");
        }
        for text in ["sometime", "within", "q5", "between friday", "", "the"] {
            assert_eq!(said(text, Lean::Ahead), "not_understood", "{text}");
        }
    }

    #[test]
    fn what_took_place_lies_behind() {
        for (text, expected) in [
            ("in january", "from 2026-01-01 to 2026-01-31"),
            ("in december", "from 2025-12-01 to 2025-12-31"),
            ("in november", "from 2026-11-01 to 2026-11-30"),
            ("in q1", "from 2026-01-01 to 2026-03-31"),
            ("within 2 weeks", "from 2026-11-08 to 2026-11-22"),
            ("since march", "from 2026-03-01 on"),
        ] {
            assert_eq!(said(text, Lean::Behind), expected, "{text}");
        }
    }
}
