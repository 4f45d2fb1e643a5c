//! What a provider is sent in confidence, taken out of what it answers.

use kontor_core::text;

use crate::{config::Secret, error::ModelError};

/// What is shorter is no secret, and would be found in every other word.
const SHORTEST: usize = 6;
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
        | ModelError::CutShort { detail: message }
        | ModelError::Protocol(message) = &mut error
        {
            for secret in &self.0 {
                *message = message.replace(secret.as_str(), "[secret]");
            }
            *message = text::excerpt(message, LONGEST_MESSAGE);
        }
        error
    }
}
