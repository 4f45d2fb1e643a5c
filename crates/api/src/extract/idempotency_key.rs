use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use kontor_core::{error::ErrorKind, text::hex};
use kontor_operations::RequestKey;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::problem::ApiError;

const LONGEST: usize = 200;

/// The key under which the same request, sent again, has no second effect, from `Idempotency-Key`
/// (draft-ietf-httpapi-idempotency-key-header); none where the header is absent.
pub(crate) struct IdempotencyKey {
    key: Option<String>,
    /// Method, address and precondition, which tell requests apart beside their bodies.
    head: Sha256,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let key = read(&parts.headers)?;
        let mut head = Sha256::new();
        if key.is_some() {
            head.update(format!("{} {}\n", parts.method, parts.uri));
            head.update(parts.headers.get(header::IF_MATCH).map_or(&b""[..], |value| value.as_bytes()));
            head.update(b"\n");
        }
        Ok(Self { key, head })
    }
}

impl IdempotencyKey {
    /// The key alone, for what tells requests apart by itself.
    pub(crate) fn text(self) -> Option<String> {
        self.key
    }

    /// The key of a request with this body.
    pub(crate) fn over(self, body: &impl Serialize) -> Option<RequestKey> {
        let mut digest = self.head;
        let key = self.key?;
        // What was read from JSON can be written as JSON.
        digest.update(serde_json::to_vec(body).ok()?);
        let fingerprint = hex(&digest.finalize());
        Some(RequestKey { key, fingerprint })
    }
}

fn read(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut keys = headers.get_all("idempotency-key").iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().ok().filter(|text| !text.is_empty() && text.len() <= LONGEST);
    match (text, keys.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => Err(ApiError::new(
            ErrorKind::Invalid,
            "invalid_idempotency_key",
            format!("Idempotency-Key takes one text of 1 to {LONGEST} plain characters."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_one_short_plain_text() {
        let given = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", HeaderValue::from_bytes(value).unwrap());
            }
            read(&headers)
        };
        assert_eq!(given(&[]).unwrap(), None);
        assert_eq!(given(&[b"k-1"]).unwrap().as_deref(), Some("k-1"));
        let long = [b'k'; LONGEST + 1];
        for wrong in [vec![b"a".as_slice(), b"b"], vec![b""], vec![&long], vec![b"\xff"]] {
            assert_eq!(given(&wrong).unwrap_err().problem().code, "invalid_idempotency_key");
        }
    }
}
