//! Times of the day as people say them.

use std::fmt;

use super::{Found, Read, Unread, at};

/// A time of the day, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock {
    hour: u8,
    minute: u8,
}

impl Clock {
    /// A time; `None` where the hour is above 23 or the minute above 59.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }

    pub fn hour(self) -> u8 {
        self.hour
    }

    pub fn minute(self) -> u8 {
        self.minute
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// The hours that are written as words.
const HOURS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

/// `14:30`, `14h`, `3pm`, `3:30 pm`, `at 10`, `half past nine`, `noon`, `10 o'clock`; the morning is 9:00 and the
/// evening 18:00. A bare hour needs `at` or `around` before it.
///
/// # Errors
/// A bare hour from 1 to 7, which may be of the morning or of the afternoon.
pub fn clock(words: &[&str]) -> Found<Clock> {
    let said = match (at(words, 0), at(words, 1)) {
        ("in", "the") if part_of_day(at(words, 2)).is_some() => 2,
        ("at" | "around" | "by", _) => 1,
        _ => 0,
    };
    let word = at(words, said);
    let found = |time: Option<Clock>, words: usize| Ok(time.map(|time| Read::new(time, said + words)));
    if let Some(hour) = part_of_day(word) {
        return found(Clock::new(hour, 0), 1);
    }
    if word == "half" && at(words, said + 1) == "past" {
        let named = at(words, said + 2);
        let hour = (0..).zip(HOURS).find_map(|(hour, name)| (name == named).then_some(hour));
        return match hour.or_else(|| figure(named)) {
            Some(hour) if may_be_either(hour) => Err(either(&format!("{hour}:30"))),
            hour => Ok(hour.and_then(|hour| Clock::new(hour, 30)).map(|time| Read::new(time, said + 3))),
        };
    }
    if let Some(hour) = word.strip_suffix('h').and_then(figure) {
        return found(Clock::new(hour, 0).filter(|_| !may_be_either(hour)), 1);
    }
    let (digits, half, taken) = match (half_of(word), at(words, said + 1)) {
        (Some((digits, half)), _) => (digits, Some(half), 1),
        (None, "am" | "a.m" | "a.m.") => (word, Some(Half::Morning), 2),
        (None, "pm" | "p.m" | "p.m.") => (word, Some(Half::Afternoon), 2),
        (None, "o'clock" | "o’clock" | "oclock") => (word, None, 2),
        (None, _) => (word, None, 1),
    };
    let (hour, minute, is_bare) = match digits.split_once([':', 'h']) {
        Some((hour, minute)) => match (figure(hour), figure(minute).filter(|_| minute.len() == 2)) {
            (Some(hour), Some(minute)) => (hour, minute, false),
            _ => return Ok(None),
        },
        None => match figure(digits) {
            Some(hour) => (hour, 0, half.is_none()),
            None => return Ok(None),
        },
    };
    match half {
        Some(_) if !(1..=12).contains(&hour) => Ok(None),
        Some(Half::Morning) => found(Clock::new(hour % 12, minute), taken),
        Some(Half::Afternoon) => found(Clock::new(hour % 12 + 12, minute), taken),
        None if is_bare && said == 0 && taken == 1 => Ok(None),
        None if is_bare && may_be_either(hour) => Err(either(digits)),
        None => found(Clock::new(hour, minute), taken),
    }
}

/// The hour of a part of the day that has a name.
fn part_of_day(word: &str) -> Option<u8> {
    Some(match word {
        "midnight" => 0,
        "morning" => 9,
        "noon" | "midday" => 12,
        "evening" => 18,
        _ => return None,
    })
}

/// Whether an hour alone may be of the morning or of the afternoon.
fn may_be_either(hour: u8) -> bool {
    (1..=7).contains(&hour)
}

fn either(time: &str) -> Unread {
    Unread::Ambiguous { text: time.to_owned(), first: format!("{time}am"), second: format!("{time}pm") }
}

enum Half {
    Morning,
    Afternoon,
}

fn half_of(word: &str) -> Option<(&str, Half)> {
    let ends = [
        ("am", Half::Morning),
        ("a.m.", Half::Morning),
        ("a.m", Half::Morning),
        ("pm", Half::Afternoon),
        ("p.m.", Half::Afternoon),
        ("p.m", Half::Afternoon),
    ];
    ends.into_iter().find_map(|(end, half)| {
        let digits = word.strip_suffix(end)?;
        digits.starts_with(|c: char| c.is_ascii_digit()).then_some((digits, half))
    })
}

fn figure(text: &str) -> Option<u8> {
    let is_figure = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_figure.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        let words: Vec<&str> = text.split(' ').collect();
        match clock(&words) {
            Ok(Some(read)) if read.words == words.len() => read.value.to_string(),
            Ok(_) => "none".to_owned(),
            Err(why) => why.code().to_owned(),
        }
    }

    #[test]
    fn times_are_read_on_the_clocks_of_twelve_and_of_twenty_four_hours() {
        for (text, time) in [
            ("12am", "00:00"),
            ("12:30am", "00:30"),
            ("1am", "01:00"),
            ("12pm", "12:00"),
            ("12:05pm", "12:05"),
            ("3pm", "15:00"),
            ("3 pm", "15:00"),
            ("3:30 p.m.", "15:30"),
            ("14:30", "14:30"),
            ("14h30", "14:30"),
            ("at 10", "10:00"),
            ("at 15", "15:00"),
            ("9 o'clock", "09:00"),
            ("at noon", "12:00"),
            ("midnight", "00:00"),
            ("morning", "09:00"),
            ("in the evening", "18:00"),
            ("14h", "14:00"),
            ("half past nine", "09:30"),
            ("at half past 11", "11:30"),
        ] {
            assert_eq!(said(text), time, "{text}");
        }
        for text in [
            "3",
            "25:00",
            "9:75",
            "am",
            "at 24",
            "13pm",
            "0am",
            "at ten",
            "9:5",
            "half past",
            "half past 25",
            "5h",
            "in the",
        ] {
            assert_eq!(said(text), "none", "{text}");
        }
    }

    #[test]
    fn an_hour_that_may_be_of_either_half_of_the_day_is_not_guessed() {
        assert_eq!(said("at 3"), "ambiguous");
        assert_eq!(said("half past three"), "ambiguous");
        assert_eq!(said("at 8"), "08:00");
    }
}
