//! Single days as people say and write them, reckoned from today.

use super::{Clock, Found, Read, Unread, at, bounded, clock, from, whole};
use crate::time::Date;

const EXPECTED_DATE: &str = "a date such as 2026-12-31, 31 December 2026 or next friday";
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
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// The years that a day may lie in.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2999;

/// On which side of today a day lies that is said without its year or week: ahead for what is to come (a close
/// date, a due date), behind for what took place (a call). Today itself is on either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lean {
    Ahead,
    Behind,
}

/// `today`, `friday`, `next friday`, `in 3 days`, `2 weeks ago`, `2026-12-01`, `31.12.2026`, `December 1st`,
/// `1 December 2026`, `end of the month`.
///
/// # Errors
/// A day that does not exist (`February 30`), or one that may be two (`03/04/2026`).
pub fn date(words: &[&str], today: Date, lean: Lean) -> Found<Date> {
    let words = bounded(words);
    let word = at(words, 0);
    let found = |date: Date, words: usize| Ok(Some(Read::new(date, words)));
    match word {
        "today" | "now" | "tonight" => return found(today, 1),
        "yesterday" => return found(today.plus_days(-1), 1),
        "tomorrow" => return found(today.plus_days(1), 1),
        "the" if words.get(1..4) == Some(&["day", "after", "tomorrow"]) => {
            return found(today.plus_days(2), 4);
        }
        "day" if words.get(1..3) == Some(&["after", "tomorrow"]) => return found(today.plus_days(2), 3),
        "on" | "this" | "coming" | "the" => {
            return Ok(date(from(words, 1), today, lean)?.map(|read| read.after(1)));
        }
        "next" | "last" | "past" => {
            let Some(weekday) = weekday(at(words, 1)) else { return Ok(None) };
            let ahead = (weekday - weekday_of(today)).rem_euclid(7);
            let ahead = if ahead == 0 { 7 } else { ahead };
            return found(today.plus_days(if word == "next" { ahead } else { ahead - 7 }), 2);
        }
        "in" => {
            let Some(span) = span(from(words, 1)) else { return Ok(None) };
            return found(span.value.after(today), span.words + 1);
        }
        "end" | "eom" | "eoq" | "eoy" | "eow" => return Ok(end_of(words, today)),
        _ => {}
    }
    if let Some(span) = span(words)
        && at(words, span.words) == "ago"
    {
        return found(span.value.before(today), span.words + 1);
    }
    if let Some(weekday) = weekday(word) {
        let ahead = (weekday - weekday_of(today)).rem_euclid(7);
        let days = if lean == Lean::Behind && ahead > 0 { ahead - 7 } else { ahead };
        return found(today.plus_days(days), 1);
    }
    if let Some(read) = in_figures(word, today, lean)? {
        return Ok(Some(read));
    }
    by_month(words, today, lean)
}

/// On which side of today a day of a field with this name lies that is said without its year.
pub fn lean_of(field: &str) -> Lean {
    let is_past = ["happened", "created", "updated", "converted", "deleted"];
    if is_past.iter().any(|word| field.starts_with(word)) { Lean::Behind } else { Lean::Ahead }
}

/// A day and, where one is said before or after it, the time: `tomorrow at 10`, `friday 3pm`, `at 14:30 on monday`,
/// `this evening`.
///
/// # Errors
/// As [`date`] and [`clock`].
pub fn moment(words: &[&str], today: Date, lean: Lean) -> Found<(Date, Option<Clock>)> {
    if let Some(day) = date(words, today, lean)? {
        let mut rest = from(words, day.words);
        let comma = usize::from(at(rest, 0) == ",");
        rest = from(rest, comma);
        let read = match clock(rest)? {
            Some(time) => day.after(comma + time.words).map(|date| (date, Some(time.value))),
            None => day.map(|date| (date, None)),
        };
        return Ok(Some(read));
    }
    if at(words, 0) == "this"
        && let Some(time) = clock(from(words, 1))?
    {
        return Ok(Some(time.after(1).map(|time| (today, Some(time)))));
    }
    let Some(time) = clock(words)? else { return Ok(None) };
    let Some(day) = date(from(words, time.words), today, lean)? else { return Ok(None) };
    Ok(Some(day.after(time.words).map(|date| (date, Some(time.value)))))
}

/// A text that is a day from its beginning to its end.
///
/// # Errors
/// What it is not, or which two days it may be.
pub fn whole_date(text: &str, today: Date, lean: Lean) -> Result<Date, Unread> {
    whole(text, EXPECTED_DATE, |words| date(words, today, lean))
}

/// A number of days, weeks, months or years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    days: i64,
    months: i32,
}

impl Span {
    pub(super) fn after(self, date: Date) -> Date {
        add_months(date, self.months).plus_days(self.days)
    }

    pub(super) fn before(self, date: Date) -> Date {
        add_months(date, -self.months).plus_days(-self.days)
    }
}

/// `3 days`, `a week`, `2 months`.
pub(super) fn span(words: &[&str]) -> Option<Read<Span>> {
    let count: i32 = match at(words, 0) {
        "a" | "an" | "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        digits => digits.parse().ok().filter(|count| (1..=10_000).contains(count))?,
    };
    let (days, months) = match at(words, 1) {
        "day" | "days" => (i64::from(count), 0),
        "week" | "weeks" => (7 * i64::from(count), 0),
        "fortnight" | "fortnights" => (14 * i64::from(count), 0),
        "month" | "months" => (0, count),
        "quarter" | "quarters" => (0, 3 * count),
        "year" | "years" => (0, 12 * count),
        _ => return None,
    };
    Some(Read::new(Span { days, months }, 2))
}

/// `end of month`, `end of the quarter`, `end of next year`, `end of december`; `eom`.
fn end_of(words: &[&str], today: Date) -> Option<Read<Date>> {
    let last = |period: super::Period| period.until.map(|until| until.plus_days(-1));
    let of = |unit: &str| super::period::relative(&["this", unit], today).and_then(|read| last(read.value));
    let short = match at(words, 0) {
        "eow" => Some("week"),
        "eom" => Some("month"),
        "eoq" => Some("quarter"),
        "eoy" => Some("year"),
        _ => None,
    };
    if let Some(unit) = short {
        return Some(Read::new(of(unit)?, 1));
    }
    let taken = 1 + usize::from(at(words, 1) == "of");
    let taken = taken + usize::from(at(words, taken) == "the");
    let rest = from(words, taken);
    if matches!(at(rest, 0), "week" | "month" | "quarter" | "year") {
        return Some(Read::new(of(at(rest, 0))?, taken + 1));
    }
    if let Some(read) = super::period::relative(rest, today) {
        return Some(Read::new(last(read.value)?, taken + read.words));
    }
    let read = super::period::calendar(rest, today, Lean::Ahead)?;
    Some(Read::new(last(read.value)?, taken + read.words))
}

/// A day in figures: `2026-12-31`, `31.12.2026`, `31.12.`, `12/31/2026`, `31/12/26`.
fn in_figures(word: &str, today: Date, lean: Lean) -> Found<Date> {
    let none = || Ok(None);
    let Some(mark) = word.chars().find(|c| !c.is_ascii_digit()).filter(|mark| "-./".contains(*mark)) else {
        return none();
    };
    let parts: Vec<&str> = word.split(mark).collect();
    let figure = |text: &str| -> Option<i32> {
        let is_figure = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        is_figure.then(|| text.parse().ok()).flatten()
    };
    let no_such = || Unread::NoSuchDay { text: word.to_owned() };
    let read = |date: Option<Date>| date.map(|date| Some(Read::new(date, 1))).ok_or_else(no_such);
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => match (figure(year), figure(month), figure(day)) {
            (Some(year), Some(month), Some(day)) => read(day_of(year, month, day)),
            _ => none(),
        },
        [first, second, year] if !year.is_empty() && mark != '-' => {
            let (Some(first), Some(second), Some(short)) = (figure(first), figure(second), figure(year))
            else {
                return none();
            };
            let year = match year.len() {
                4 => short,
                2 => 2000 + short,
                _ => return none(),
            };
            let (european, american) = (day_of(year, second, first), day_of(year, first, second));
            match (european, american) {
                // Points separate days from months in the countries that write the day first.
                (Some(date), _) if mark == '.' => read(Some(date)),
                (Some(european), Some(american)) if european != american => Err(Unread::Ambiguous {
                    text: word.to_owned(),
                    first: european.to_string(),
                    second: american.to_string(),
                }),
                _ if mark == '.' => Err(no_such()),
                (european, american) => read(european.or(american)),
            }
        }
        [day, month, ""] if mark == '.' => match (figure(day), figure(month)) {
            (Some(day), Some(month)) if (1..=12).contains(&month) => {
                read(without_year(month, day, today, lean))
            }
            _ => none(),
        },
        _ => none(),
    }
}

/// `December 1`, `dec 1st, 2026`, `1 December`, `1st of december 2026`.
fn by_month(words: &[&str], today: Date, lean: Lean) -> Found<Date> {
    let (month, day, taken) = match (month(at(words, 0)), day_number(at(words, 0))) {
        (Some(month), _) => match day_number(at(words, 1)) {
            Some(day) => (month, day, 2),
            None => return Ok(None),
        },
        (None, Some(day)) => {
            let of = usize::from(at(words, 1) == "of");
            match self::month(at(words, 1 + of)) {
                Some(month) => (month, day, 2 + of),
                None => return Ok(None),
            }
        }
        (None, None) => return Ok(None),
    };
    let comma = usize::from(at(words, taken) == ",");
    let (date, taken) = match year(at(words, taken + comma)) {
        Some(year) => (day_of(year, month, day), taken + comma + 1),
        None => (without_year(month, day, today, lean), taken),
    };
    match date {
        Some(date) => Ok(Some(Read::new(date, taken))),
        None => {
            let text = words.iter().take(taken).copied().collect::<Vec<_>>().join(" ");
            Err(Unread::NoSuchDay { text })
        }
    }
}

/// The nearest such day on the side to which it leans; 29 February in a year that has one.
fn without_year(month: i32, day: i32, today: Date, lean: Lean) -> Option<Date> {
    let this_year = today.inner().year();
    let mut years: Box<dyn Iterator<Item = i32>> = match lean {
        Lean::Ahead => Box::new(this_year..=this_year + 8),
        Lean::Behind => Box::new((this_year - 8..=this_year).rev()),
    };
    years.find_map(|year| {
        day_of(year, month, day).filter(|date| match lean {
            Lean::Ahead => *date >= today,
            Lean::Behind => *date <= today,
        })
    })
}

/// `1`, `1st`, `22nd`.
fn day_number(word: &str) -> Option<i32> {
    let digits = ["st", "nd", "rd", "th", "."].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

pub(super) fn year(word: &str) -> Option<i32> {
    (word.len() == 4).then(|| word.parse().ok()).flatten().filter(|year| YEARS.contains(year))
}

/// A month by its name or the first three letters, from 1.
pub(super) fn month(word: &str) -> Option<i32> {
    let word = word.strip_suffix('.').unwrap_or(word);
    let is_short = |name: &str| word == "sept" || (word.len() == 3 && name.starts_with(word));
    let found = MONTHS.iter().position(|name| {
        *name == word || (is_short(name) && name.starts_with(word.get(..3).unwrap_or(word)))
    })?;
    i32::try_from(found + 1).ok()
}

fn weekday(word: &str) -> Option<i64> {
    let short = |name: &str| word.len() >= 3 && word.len() <= 5 && name.starts_with(word);
    let found = WEEKDAYS.iter().position(|name| *name == word || short(name))?;
    i64::try_from(found).ok()
}

/// Days since Monday.
pub(super) fn weekday_of(date: Date) -> i64 {
    i64::from(date.inner().weekday().number_days_from_monday())
}

pub(super) fn day_of(year: i32, month: i32, day: i32) -> Option<Date> {
    if !YEARS.contains(&year) {
        return None;
    }
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

/// The same day some months on, or the last one of a shorter month.
pub(super) fn add_months(date: Date, months: i32) -> Date {
    let (year, month) = (date.inner().year(), i32::from(u8::from(date.inner().month())) - 1 + months);
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12) + 1);
    let day = i32::from(date.inner().day());
    (0..=3).find_map(|back| day_of(year, month, day - back)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, lean: Lean) -> String {
        // A Sunday.
        let today = "2026-11-22".parse().unwrap();
        match whole_date(text, today, lean) {
            Ok(date) => date.to_string(),
            Err(why) => why.code().to_owned(),
        }
    }

    #[test]
    fn days_are_reckoned_from_today() {
        for (text, expected) in [
            ("today", "2026-11-22"),
            ("tomorrow", "2026-11-23"),
            ("the day after tomorrow", "2026-11-24"),
            ("friday", "2026-11-27"),
            ("sunday", "2026-11-22"),
            ("next sunday", "2026-11-29"),
            ("last fri", "2026-11-20"),
            ("on monday", "2026-11-23"),
            ("in 3 days", "2026-11-25"),
            ("in a week", "2026-11-29"),
            ("in 3 months", "2027-02-22"),
            ("2 weeks ago", "2026-11-08"),
            ("end of the month", "2026-11-30"),
            ("end of next quarter", "2027-03-31"),
            ("end of year", "2026-12-31"),
            ("end of february", "2027-02-28"),
            ("eoq", "2026-12-31"),
            ("2026-12-01", "2026-12-01"),
            ("31.12.2026", "2026-12-31"),
            ("03.04.2026", "2026-04-03"),
            ("31.1.", "2027-01-31"),
            ("12/31/2026", "2026-12-31"),
            ("31/12/26", "2026-12-31"),
            ("4/4/2026", "2026-04-04"),
            ("December 24", "2026-12-24"),
            ("Dec 1st, 2027", "2027-12-01"),
            ("24 December", "2026-12-24"),
            ("1st of dec 2026", "2026-12-01"),
            ("January 15", "2027-01-15"),
            ("sept 3", "2027-09-03"),
            ("feb 29", "2028-02-29"),
        ] {
            assert_eq!(said(text, Lean::Ahead), expected, "{text}");
        }
    }

    #[test]
    fn what_took_place_lies_behind() {
        for (text, expected) in [
            ("friday", "2026-11-20"),
            ("january 15", "2026-01-15"),
            ("december 24", "2025-12-24"),
            ("22.11.", "2026-11-22"),
        ] {
            assert_eq!(said(text, Lean::Behind), expected, "{text}");
        }
    }

    #[test]
    fn days_that_do_not_exist_and_days_that_may_be_two_are_refused() {
        for text in ["2026-02-30", "february 30", "31/02/2026", "32.1.2026", "0001-01-01", "2026-13-01"] {
            assert_eq!(said(text, Lean::Ahead), "no_such_day", "{text}");
        }
        for text in ["03/04/2026", "3/4/26"] {
            assert_eq!(said(text, Lean::Ahead), "ambiguous", "{text}");
        }
        for text in ["", "sometime", "12.5", "december", "next", "in a moment", "friday friday", "2026-1"] {
            assert_eq!(said(text, Lean::Ahead), "not_understood", "{text}");
        }
    }

    #[test]
    fn a_time_may_stand_before_or_after_its_day() {
        let today = "2026-11-22".parse().unwrap();
        for (text, expected) in [
            ("tomorrow at 10", "2026-11-23 10:00"),
            ("friday 3pm", "2026-11-27 15:00"),
            ("at 14:30 on monday", "2026-11-23 14:30"),
            ("december 24, at noon", "2026-12-24 12:00"),
            ("this evening", "2026-11-22 18:00"),
            ("friday at 14h", "2026-11-27 14:00"),
            ("half past nine tomorrow", "2026-11-23 09:30"),
            ("monday in the morning", "2026-11-23 09:00"),
            ("tomorrow", "2026-11-23 -"),
        ] {
            let read = whole(text, "", |words| moment(words, today, Lean::Ahead));
            let (date, time) = read.unwrap_or_else(|why| panic!("{text}: {why}"));
            let time = time.map_or_else(|| "-".to_owned(), |time| time.to_string());
            assert_eq!(format!("{date} {time}"), expected, "{text}");
        }
    }

    #[test]
    fn months_are_added_by_the_calendar() {
        let date: Date = "2026-01-31".parse().unwrap();
        assert_eq!(add_months(date, 1).to_string(), "2026-02-28");
        assert_eq!(add_months(date, -2).to_string(), "2025-11-30");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z0-9 ./,-]{0,24}") {
            let today = "2028-02-29".parse().unwrap();
            for lean in [Lean::Ahead, Lean::Behind] {
                let _ = whole_date(&text, today, lean);
                let _ = super::super::whole(&text, "", |words| moment(words, today, lean).map(|found| found.map(|read| read.map(drop))));
            }
        }
    }
}
