use axum::body::{Body, Bytes};
use bytes::BytesMut;
use futures::StreamExt as _;
use kontor_core::error::{Chain, ErrorKind};

use crate::problem::{ApiError, Result};

/// The largest body that a request may have, in bytes.
const LIMIT: usize = 1024 * 1024;
/// How much of a larger one is read and thrown away. A client that is still sending when the connection ends
/// would not see the answer that tells it why.
const DRAINED: usize = 16 * 1024 * 1024;

/// The whole body, within the limit.
pub(crate) async fn read(body: Body) -> Result<Bytes> {
    let mut chunks = body.into_data_stream();
    let mut kept = BytesMut::new();
    let mut length = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            tracing::debug!(error = %Chain(&error), "a body ended early");
            ApiError::new(ErrorKind::Invalid, "unreadable_body", "The body could not be read to its end.")
        })?;
        length += chunk.len();
        if length <= LIMIT {
            kept.extend_from_slice(&chunk);
        } else if length > DRAINED {
            break;
        }
    }
    if length > LIMIT {
        let message = format!("The body is larger than {LIMIT} bytes.");
        return Err(ApiError::new(ErrorKind::Invalid, "body_too_large", message));
    }
    Ok(kept.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused() {
        assert_eq!(read(Body::from(vec![b'x'; LIMIT])).await.unwrap().len(), LIMIT);
        let error = read(Body::from(vec![b'x'; LIMIT + 1])).await.unwrap_err();
        assert_eq!(error.problem().code, "body_too_large");
    }
}
