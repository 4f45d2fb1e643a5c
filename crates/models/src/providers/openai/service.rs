//! The transport as async-openai is given it.

use std::task::{Context, Poll};

use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use futures::future::BoxFuture;

use crate::{
    error::ModelError,
    providers::wire::transport::{Transport, unsendable},
};

/// Sends what async-openai asks for by our own transport.
#[derive(Clone)]
pub(super) struct Service(pub(super) Transport);

impl tower::Service<HttpRequestFactory> for Service {
    type Response = reqwest::Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<reqwest::Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let Self(transport) = self.clone();
        Box::pin(async move {
            let mut request = request.build().await?;
            // What the library set from its own environment variables goes; the transport adds what is configured.
            for name in ["authorization", "openai-organization", "openai-project"] {
                request.headers_mut().remove(name);
            }
            transport.send(request).await.map_err(|error| OpenAIError::Boxed(Box::new(error)))
        })
    }
}

/// What went wrong, where the library tells it.
pub(super) fn model_error(error: OpenAIError) -> ModelError {
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<ModelError>() {
            Ok(error) => *error,
            Err(source) => ModelError::Unreachable { source },
        },
        OpenAIError::Reqwest(error) => unsendable(error),
        OpenAIError::JSONDeserialize(error, _) => {
            ModelError::Protocol(format!("an event cannot be read: {error}"))
        }
        OpenAIError::StreamError(error) => ModelError::CutShort { detail: error.to_string() },
        other => ModelError::Protocol(other.to_string()),
    }
}
