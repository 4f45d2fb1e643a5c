use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use kontor_core::error::ErrorKind;

use crate::problem::ApiError;

/// The version that a write expects, from `If-Match` (RFC 9110, section 13.1.1); none where the header is
/// absent or `*`.
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(Self(None)),
            (Some(value), None) => parse(value.as_bytes()).map(Self).ok_or_else(invalid),
            (Some(_), Some(_)) => Err(invalid()),
        }
    }
}

/// Our entity tags are versions, so any other tag is a mistake of the client that deserves telling.
fn parse(value: &[u8]) -> Option<Option<i64>> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if text == "*" {
        return Some(None);
    }
    let digits = text.strip_prefix('"')?.strip_suffix('"')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(Some)
}

fn invalid() -> ApiError {
    let message = "If-Match takes one entity tag as a GET gave it, such as \"3\" with its quotes, or *.";
    ApiError::new(ErrorKind::Invalid, "invalid_if_match", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_in_quotes_or_a_star_is_understood() {
        assert_eq!(parse(b"\"3\""), Some(Some(3)));
        assert_eq!(parse(b"*"), Some(None));
        for wrong in ["3", "\"\"", "\"-1\"", "W/\"3\"", "\"a\"", "\"1\", \"2\"", "\"99999999999999999999\""] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
