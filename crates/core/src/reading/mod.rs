//! Numbers, amounts, percentages, dates and times as people write them: one reader for pages, chat, filters
//! and imports.
//!
//! A reader looks at the beginning of a run of words and says how many of them it took: `Ok(None)` where they
//! begin with nothing of its kind, an error where they do but may mean two things or nothing that exists. A word is
//! folded ([`crate::text::fold`]), and a comma after a word is a word of its own, as [`words`] makes them. The
//! functions with `whole` in their names read a text from its beginning to its end.

mod clock;
mod date;
mod number;
mod period;

pub use self::{
    clock::{Clock, clock},
    date::{Lean, date, lean_of, moment, whole_date},
    number::{Amount, Number, amount, number, percent, readable, whole_amount, whole_number, whole_percent},
    period::{Period, period, whole_period},
};
use crate::text::fold;

/// What was read, and how many words it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read<T> {
    pub value: T,
    pub words: usize,
}

impl<T> Read<T> {
    fn new(value: T, words: usize) -> Self {
        Self { value, words }
    }

    /// The same after some words that were passed over.
    #[must_use]
    pub fn after(self, words: usize) -> Self {
        Self { words: self.words + words, ..self }
    }

    fn map<U>(self, to: impl FnOnce(T) -> U) -> Read<U> {
        Read { value: to(self.value), words: self.words }
    }
}

/// Why a text was not read. The sentences are for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is not what was expected.
    #[error("“{text}” is not {expected}")]
    Wrong { text: String, expected: &'static str },
    /// It has two meanings, and a guess could be a thousand times too much.
    #[error("“{text}” can mean {first} or {second}; please write which")]
    Ambiguous { text: String, first: String, second: String },
    /// It looks like a date and there is no such day.
    #[error("there is no day “{text}”")]
    NoSuchDay { text: String },
}

impl Unread {
    /// A stable code for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Wrong { .. } => "not_understood",
            Self::Ambiguous { .. } => "ambiguous",
            Self::NoSuchDay { .. } => "no_such_day",
        }
    }

    fn wrong(text: &str, expected: &'static str) -> Self {
        Self::Wrong { text: crate::text::excerpt(text.trim(), 80), expected }
    }
}

/// The outcome of a reader of words.
pub type Found<T> = Result<Option<Read<T>>, Unread>;

/// A text as folded words; commas after a word are words of their own.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for run in text.split_whitespace() {
        let word = run.trim_end_matches(',');
        if !word.is_empty() {
            words.push(fold(word));
        }
        if word.len() < run.len() {
            words.push(",".to_owned());
        }
    }
    words
}

/// Reads a whole text by a reader of words.
fn whole<T>(text: &str, expected: &'static str, read: impl FnOnce(&[&str]) -> Found<T>) -> Result<T, Unread> {
    let words = words(text);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match read(&words)? {
        Some(found) if found.words == words.len() => Ok(found.value),
        _ => Err(Unread::wrong(text, expected)),
    }
}

/// The words that a day or a period can take: what is read calls itself for one word after the other.
const MAX_WORDS: usize = 16;

/// The words that are looked at for a day or a period.
fn bounded<'s, 'w>(words: &'s [&'w str]) -> &'s [&'w str] {
    words.get(..MAX_WORDS).unwrap_or(words)
}

/// The word at a position; empty beyond the end.
fn at<'w>(words: &[&'w str], position: usize) -> &'w str {
    words.get(position).copied().unwrap_or_default()
}

/// The words from a position on.
fn from<'s, 'w>(words: &'s [&'w str], position: usize) -> &'s [&'w str] {
    words.get(position..).unwrap_or_default()
}
