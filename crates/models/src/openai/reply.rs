//! One answer on its way: opened, timed, decoded, ended.

use std::{collections::VecDeque, pin::Pin, sync::Arc, time::Duration};

use async_openai::error::OpenAIError;
use futures::{Stream, StreamExt};
use tokio::time::Instant;

use super::{
    Names, Shared, carried,
    chunk::{Chunk, Decoder},
    request::{EncodedTools, WireRequest},
    transport,
};
use crate::{
    chat::{Carried, ChatRequest, Delta},
    config::ModelConfig,
    error::{ModelError, Wait},
};

/// After a sign of life a model may think in silence for so many times as long as for its first word.
const THINKING: u32 = 3;
/// How long after the finish reason the usage is waited for.
const USAGE: Duration = Duration::from_millis(500);
/// Parameters that are left out of one request, one after another, because they were refused.
const MOST_LEFT_OUT: usize = 3;

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
    /// When the usage must be there, after the finish reason.
    finished: Option<Instant>,
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
            finished: None,
            spoke: false,
            ended: false,
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Delta, ModelError>> {
        let begun = Instant::now();
        self.deadline.get_or_insert(begun + self.provider.timeouts.total);
        loop {
            if let Some(delta) = self.pending.pop_front() {
                self.spoke = true;
                return Some(Ok(delta));
            }
            if self.ended {
                return self.decoder.finish.take().map(|finish| Ok(Delta::Finish(finish)));
            }
            // Whatever came shows that the other side is at work, and the wait begins anew.
            let (until, what) = self.patience();
            let outcome = tokio::time::timeout_at(until, self.receive()).await;
            let error = match outcome {
                Ok(Ok(true)) => continue,
                Ok(Ok(false)) if self.decoder.lives => {
                    ModelError::CutShort { detail: "the stream ended without a finish reason".to_owned() }
                }
                Ok(Ok(false)) => ModelError::CutShort { detail: "there was nothing in it".to_owned() },
                Ok(Err(error)) => error,
                Err(_) => ModelError::Timeout { what },
            };
            self.ended = true;
            let pending = &mut self.pending;
            let no_names = Names::default();
            let names = self.open.as_ref().map_or(&no_names, |(_, tools)| &tools.names);
            self.decoder.end(names, |delta| pending.push_back(delta));
            if let Some(value) = self.decoder.carried() {
                let by = carried::maker(&self.provider.name, &self.model.name).into();
                self.pending.push_back(Delta::Carried(Carried { by, value }));
            }
            // After the finish reason only the usage can be missing, which is no reason to lose an answer.
            if self.decoder.finish.is_none() {
                return Some(Err(self.provider.secrets.hide(error)));
            }
        }
    }

    /// Until when the next piece must be there, and what was waited for if it is not.
    fn patience(&mut self) -> (Instant, Wait) {
        let (now, timeouts) = (Instant::now(), self.provider.timeouts);
        let deadline = *self.deadline.get_or_insert(now + timeouts.total);
        if self.decoder.finish.is_some() {
            return (*self.finished.get_or_insert(now + USAGE), Wait::Idle);
        }
        let (wait, what) = match (self.spoke, self.decoder.lives) {
            (true, _) => (timeouts.idle, Wait::Idle),
            (false, true) => (timeouts.first_token.saturating_mul(THINKING), Wait::FirstToken),
            (false, false) => (timeouts.first_token, Wait::FirstToken),
        };
        if now + wait < deadline { (now + wait, what) } else { (deadline, Wait::Total) }
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
        let mut quirks = self.provider.learned.of(&self.model.name, &self.provider.quirks);
        let mut left_out = 0;
        loop {
            let body = WireRequest::new(&self.request, &self.provider.name, &self.model, &quirks, &tools)?;
            let chat = self.provider.client.chat();
            match chat.create_stream_byot(body).await.map_err(model_error) {
                Ok(chunks) => {
                    let chunks: Chunks = chunks;
                    return Ok((chunks, tools));
                }
                Err(error) if left_out < MOST_LEFT_OUT => {
                    left_out += 1;
                    let better = self.provider.learned.learn(&self.model, &quirks, &self.request, &error);
                    quirks = better.ok_or(error)?;
                }
                Err(error) => return Err(error),
            }
        }
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
        other => ModelError::Protocol(other.to_string()),
    }
}
