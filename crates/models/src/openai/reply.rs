//! One answer on its way: opened, timed, decoded, ended.

use std::{collections::VecDeque, pin::Pin, sync::Arc};

use async_openai::error::OpenAIError;
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use super::{
    Shared,
    chunk::{Chunk, Decoder},
    request::{EncodedTools, WireRequest},
    transport,
};
use crate::{
    chat::{ChatRequest, Delta},
    config::ModelConfig,
    error::{ModelError, Wait},
};

type Chunks = Pin<Box<dyn Stream<Item = Result<Chunk, OpenAIError>> + Send>>;

pub(crate) struct Reply {
    provider: Arc<Shared>,
    model: ModelConfig,
    request: ChatRequest,
    open: Option<(Chunks, Arc<EncodedTools>)>,
    decoder: Decoder,
    pending: VecDeque<Delta>,
    /// When the whole answer must be there; set by the first poll.
    deadline: Option<Instant>,
    spoke: bool,
    ended: bool,
}

impl Reply {
    pub(crate) fn new(provider: Arc<Shared>, model: ModelConfig, request: ChatRequest) -> Self {
        Self {
            provider,
            model,
            request,
            open: None,
            decoder: Decoder::default(),
            pending: VecDeque::new(),
            deadline: None,
            spoke: false,
            ended: false,
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Delta, ModelError>> {
        let timeouts = self.provider.timeouts;
        let begun = Instant::now();
        let deadline = *self.deadline.get_or_insert(begun + timeouts.total);
        let (wait, what) =
            if self.spoke { (timeouts.idle, Wait::Idle) } else { (timeouts.first_token, Wait::FirstToken) };
        let (until, what) =
            if begun + wait < deadline { (begun + wait, what) } else { (deadline, Wait::Total) };
        loop {
            if let Some(delta) = self.pending.pop_front() {
                self.spoke = true;
                return Some(Ok(delta));
            }
            if self.ended {
                return None;
            }
            let outcome = tokio::time::timeout_at(until, self.receive()).await;
            let error = match outcome {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) => {
                    ModelError::CutShort { detail: "the stream ended without a finish reason".to_owned() }
                }
                Ok(Err(error)) => error,
                Err(_) => ModelError::Timeout { what },
            };
            self.ended = true;
            // After the finish reason only the usage can be missing, which is no reason to lose an answer.
            let finish = self.decoder.finish.take().map(Delta::Finish);
            return Some(finish.ok_or_else(|| self.provider.secrets.hide(error)));
        }
    }

    /// Takes in one chunk; false at the end of the stream.
    async fn receive(&mut self) -> Result<bool, ModelError> {
        if self.open.is_none() {
            self.open = Some(self.ask().await?);
        }
        let Some((chunks, tools)) = &mut self.open else { return Ok(false) };
        let Some(chunk) = chunks.next().await else { return Ok(false) };
        let pending = &mut self.pending;
        self.decoder.decode(chunk.map_err(model_error)?, &tools.names, |delta| pending.push_back(delta))?;
        Ok(true)
    }

    // `&mut`, because the open stream of chunks can move between threads but not be shared by them.
    async fn ask(&mut self) -> Result<(Chunks, Arc<EncodedTools>), ModelError> {
        let tools = self.provider.encode_tools(&self.request.tools)?;
        let body = WireRequest::new(&self.request, &self.model, &self.provider.quirks, &tools)?;
        let chat = self.provider.client.chat();
        let chunks: Chunks = chat.create_stream_byot(body).await.map_err(model_error)?;
        Ok((chunks, tools))
    }
}

fn model_error(error: OpenAIError) -> ModelError {
    match error {
        OpenAIError::Boxed(error) => match error.downcast::<ModelError>() {
            Ok(error) => *error,
            Err(source) => ModelError::Unreachable { source },
        },
        OpenAIError::Reqwest(error) => transport::unsendable(error),
        OpenAIError::JSONDeserialize(error, _) => {
            ModelError::Protocol(format!("an event cannot be read: {error}"))
        }
        OpenAIError::StreamError(error) => ModelError::CutShort { detail: error.to_string() },
        OpenAIError::ApiError(error) => {
            super::chunk::by_status(error.status_code.as_u16(), None, error.api_error.message)
        }
        other => ModelError::Protocol(other.to_string()),
    }
}
