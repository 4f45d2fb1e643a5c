//! Days and periods in sentences, by the shared reader and from the member's day.

pub(super) use kontor_core::reading::Lean;
use kontor_core::{reading, time::Date};

use super::{numbers::unread, turn::Stop, words::Phrase};

/// From a day to the day before another, and how many words said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: Option<Date>,
    /// Exclusive.
    pub(super) until: Option<Date>,
    pub(super) words: usize,
}

impl Period {
    pub(super) fn readable(&self) -> String {
        reading::Period { from: self.from, until: self.until }.readable()
    }
}

/// `today`, `this month`, `next quarter`, `last 7 days`, `before friday`, `in march`; asks where a day has two
/// meanings.
pub(super) fn period(phrase: Phrase<'_>, today: Date, lean: Lean) -> Result<Option<Period>, Stop> {
    let read = reading::period(&phrase.folds(), today, lean).map_err(|why| unread(&why))?;
    Ok(read.map(|read| Period { from: read.value.from, until: read.value.until, words: read.words }))
}

/// Whether a period stands at the head of a phrase, whatever it means.
pub(super) fn is_period(phrase: Phrase<'_>, today: Date) -> bool {
    !matches!(reading::period(&phrase.folds(), today, Lean::Ahead), Ok(None))
}

/// One day and how many words it took.
pub(super) fn day(phrase: Phrase<'_>, today: Date, lean: Lean) -> Result<Option<(Date, usize)>, Stop> {
    let read = reading::date(&phrase.folds(), today, lean).map_err(|why| unread(&why))?;
    Ok(read.map(|read| (read.value, read.words)))
}

/// A day with the time said beside it, as a moment in the member's time zone, and how many words they took; `otherwise` is the time
/// where none is said.
pub(super) fn moment(
    phrase: Phrase<'_>,
    today: Date,
    lean: Lean,
    otherwise: &str,
) -> Result<Option<(String, usize)>, Stop> {
    let read = reading::moment(&phrase.folds(), today, lean).map_err(|why| unread(&why))?;
    Ok(read.map(|read| {
        let (date, time) = read.value;
        let time = time.map_or_else(|| otherwise.to_owned(), |time| time.to_string());
        (format!("{date}T{time}"), read.words)
    }))
}

/// A bare span of time at the head of a phrase, as the one that ends today: `30 days`, `two weeks`.
pub(super) fn last(phrase: Phrase<'_>, today: Date) -> Result<Option<Period>, Stop> {
    let mut words = vec!["last"];
    words.extend(phrase.folds());
    let begins_with_number = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_digit())
            || ["a", "one", "two", "three", "four", "five", "six"].contains(&word)
    };
    if !begins_with_number(phrase.at(0)) {
        return Ok(None);
    }
    let read = reading::period(&words, today, Lean::Behind).map_err(|why| unread(&why))?;
    Ok(read.filter(|read| read.words > 2).map(|read| Period {
        from: read.value.from,
        until: read.value.until,
        words: read.words - 1,
    }))
}
