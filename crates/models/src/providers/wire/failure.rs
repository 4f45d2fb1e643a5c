//! The one reader of what providers say when they do not answer, whatever its shape and wherever it stands: in the
//! body of a refusal, in a stream, in a choice, in a page.

mod wait;
mod words;

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::ModelError;

/// A failure as the provider told it.
pub(crate) struct Failure {
    /// The status of HTTP, or what stands for it in the body.
    status: Option<u16>,
    /// The provider's own words; empty where it had none.
    words: String,
    /// All codes, types and states it gave, in small letters.
    codes: String,
    /// How long it asks to wait.
    wait: Option<Duration>,
    /// It is a web page, so that it comes from no API for models.
    is_page: bool,
}

impl Failure {
    /// From a response with a status that is no success.
    pub(crate) fn of_response(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let value = serde_json::from_str(text.trim()).unwrap_or_else(|_| Value::from(&*text));
        let mut failure = Self::of_value(&value);
        // A gateway may answer with its own status for what the provider behind it said with another.
        failure.status = Some(status);
        failure.wait = wait::in_headers(headers).or(failure.wait);
        failure
    }

    /// From what stands in a stream, as an error or beside one.
    pub(crate) fn of_value(value: &Value) -> Self {
        let mut codes = String::new();
        words::codes(value, &mut codes, 0);
        codes.make_ascii_lowercase();
        let (words, is_page) = match value.as_str().and_then(words::of_page) {
            Some(title) => (title, true),
            None => (words::of(value).unwrap_or_default(), false),
        };
        let status = words::status(value).or_else(|| words::status_of_codes(&codes));
        let wait = wait::in_body(value).or_else(|| wait::in_words(&words));
        Self { status, words, codes, wait, is_page }
    }

    /// What it means where no status says so: asking again may help, or (`is_refusal`) it will not.
    pub(crate) fn into_error(self, is_refusal: bool) -> ModelError {
        let lower = self.words.to_ascii_lowercase();
        let says = |any: &[&str]| any.iter().any(|word| lower.contains(word));
        let has_code = |any: &[&str]| any.iter().any(|word| self.codes.contains(word));
        let status = self.status.unwrap_or(if is_refusal { 200 } else { 500 });
        let message = self.told(status);
        let retry_after = self.wait;

        if status < 400 && self.words.is_empty() && !self.is_page {
            return ModelError::Protocol("it is neither a stream of events nor an answer".to_owned());
        }
        if status < 400 && self.is_page {
            return ModelError::Protocol(message);
        }
        if has_code(&[
            "insufficient_quota",
            "insufficient_balance",
            "insufficient_credit",
            "billing",
            "spend_limit",
        ]) || status == 402
            || (matches!(status, 400 | 403 | 429 | 500)
                && retry_after.is_none()
                && says(QUOTA)
                && !says(RATE))
        {
            return ModelError::QuotaUsed { message };
        }
        if has_code(&["content_filter", "content_policy", "responsibleaipolicy", "data_inspection"]) {
            return ModelError::Filtered { message };
        }
        if status == 401
            || (!self.is_page && matches!(status, 400 | 403) && (has_code(KEY_CODES) || says(KEY_WORDS)))
        {
            return ModelError::Unauthorized { message };
        }
        if says(PERMANENT) && !matches!(status, 401 | 404) {
            return ModelError::Rejected { status, message };
        }
        if says(TOO_LARGE) && !matches!(status, 401 | 404) {
            // Whatever status it comes with, the fault is this request's alone.
            return ModelError::Rejected { status: status.min(413), message };
        }
        match status {
            429 => ModelError::RateLimited { retry_after, message },
            // The model wrote a call that its server could not read: it may write a better one.
            400 if has_code(&["tool_use_failed", "output_parse_failed"]) => {
                ModelError::Server { status, retry_after: None, message }
            }
            501 | 505 => ModelError::Rejected { status, message },
            408 | 409 | 425 | 499.. => ModelError::Server { status, retry_after, message },
            _ => ModelError::Rejected { status, message },
        }
    }

    /// The provider's words, or what can be said without them.
    fn told(&self, status: u16) -> String {
        let words = self.words.trim();
        let is_api = words.to_ascii_lowercase().contains("model");
        let mut told = match (self.is_page, words) {
            (true, "") => format!("it answered {status} with a web page"),
            (true, title) => format!("it answered {status} with a web page titled “{title}”"),
            (false, "") => format!("it answered {status} and said no more"),
            (false, words) => words.to_owned(),
        };
        if self.is_page && status < 400 {
            told.push_str(", not with an answer");
        } else if matches!(status, 404 | 405) && (self.is_page || !is_api) {
            told.push_str(". An admin can check its address (base_url): it mostly ends in /v1");
        } else if self.is_page && status == 403 {
            told.push_str(". It comes from a firewall or a proxy in front of the provider");
        }
        told
    }
}

/// Credit that is used up, which no wait of a turn brings back.
const QUOTA: &[&str] = &[
    "quota",
    "billing",
    "insufficient credit",
    "insufficient balance",
    "insufficient fund",
    "out of credit",
    "credit balance",
    "credits exhausted",
    "payment required",
    "spending limit",
    "usage limit",
];
/// What is spoken of beside a quota that comes back soon.
const RATE: &[&str] = &[
    "per minute",
    "per second",
    "per hour",
    "requests per",
    "tokens per",
    "try again in",
    "rate limit",
    "retry in",
];
const KEY_CODES: &[&str] =
    &["authentication", "invalid_api_key", "api_key_invalid", "unauthenticated", "unauthorized"];
const KEY_WORDS: &[&str] = &["api key", "api_key", "apikey", "access token", "authentication"];
/// What stays as it is however often one asks.
const PERMANENT: &[&str] = &[
    "more system memory",
    "out of memory",
    "outofmemory",
    "insufficient memory",
    "not enough memory",
    "insufficient system resources",
    "unable to allocate",
    "failed to allocate",
    "cannot allocate",
    "does not support tools",
    "tool-call-parser",
    "no such model",
];
/// A request that has no room in the model, which is the fault of neither the model nor its provider.
const TOO_LARGE: &[&str] = &[
    "context length",
    "context size",
    "context window",
    "maximum context",
    "too many tokens",
    "request too large",
    "prompt is too long",
    "input is too long",
];

#[cfg(test)]
mod tests;
