//! What a provider is sent in confidence, taken out of what it answers.

use kontor_core::text;

use crate::{config::Secret, error::ModelError};

/// What is shorter is no secret, and would be found in every other word.
const SHORTEST: usize = 6;
/// A secret of this length is made by chance, so that its beginning is no other word's.
const LONG: usize = 20;
const HIDDEN: &str = "[secret]";
/// How much of a provider's message is kept, in characters.
const LONGEST_MESSAGE: usize = 400;

/// The key and the values of the configured headers.
#[derive(Clone)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub(crate) fn new<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        // A header may hold a scheme beside the secret, which a provider repeats alone.
        let words = secrets.into_iter().flat_map(|secret| secret.expose().split_whitespace());
        let mut words: Vec<_> = words.filter(|word| word.len() >= SHORTEST).map(str::to_owned).collect();
        // The longest first, so that none is left in part because another is a part of it.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self(words)
    }

    /// An error whose message, which some providers make of what they were sent, is short and tells nothing.
    pub(crate) fn hide(&self, mut error: ModelError) -> ModelError {
        if let ModelError::Server { message, .. }
        | ModelError::Rejected { message, .. }
        | ModelError::Unauthorized { message }
        | ModelError::RateLimited { message, .. }
        | ModelError::QuotaUsed { message }
        | ModelError::Filtered { message }
        | ModelError::TooLong(message)
        | ModelError::CutShort { detail: message }
        | ModelError::Protocol(message) = &mut error
        {
            for secret in &self.0 {
                *message = message.replace(secret.as_str(), HIDDEN);
                hide_beginning(message, secret);
            }
            *message = text::excerpt(message, LONGEST_MESSAGE);
        }
        error
    }
}

/// Takes out words that begin as a long secret does: a provider that repeats a key may leave out its middle.
fn hide_beginning(message: &mut String, secret: &str) {
    if secret.len() < LONG {
        return;
    }
    let beginning = secret.get(..secret.floor_char_boundary(SHORTEST)).unwrap_or_default();
    let mut from = 0;
    while let Some(at) = message.get(from..).and_then(|rest| rest.find(beginning)).map(|at| from + at) {
        let rest = message.get(at..).unwrap_or_default();
        let is_end = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | ',' | ')');
        let end = rest.find(is_end).unwrap_or(rest.len()).max(beginning.len());
        message.replace_range(at..at + end, HIDDEN);
        from = at + HIDDEN.len();
    }
}
