//! One request and the chunks of its answer.

use std::{collections::VecDeque, pin::Pin, sync::Arc};

use async_openai::error::OpenAIError;
use futures::{Stream, StreamExt};

use super::{
    Shared, carried,
    chunk::{Chunk, Decoder},
    learned::Learned,
    request::{EncodedTools, WireRequest},
    service::model_error,
};
use crate::{
    chat::{Carried, ChatRequest, Delta},
    config::{ModelConfig, Timeouts},
    error::ModelError,
    providers::wire::{
        names::Names,
        reply::{Exchange, Progress},
        secrets::Secrets,
    },
};

/// Parameters that are left out of one request, one after another, because they were refused.
const MOST_LEFT_OUT: usize = 3;

type Chunks = Pin<Box<dyn Stream<Item = Result<Chunk, OpenAIError>> + Send>>;

pub(super) struct Completion {
    provider: Arc<Shared>,
    model: ModelConfig,
    request: ChatRequest,
    open: Option<(Chunks, Arc<EncodedTools>)>,
    decoder: Decoder,
}

impl Completion {
    pub(super) fn new(provider: Arc<Shared>, model: ModelConfig, request: ChatRequest) -> Self {
        Self { provider, model, request, open: None, decoder: Decoder::default() }
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
                    if left_out > 0 {
                        self.provider.learned.keep(&self.model, quirks);
                    }
                    return Ok((chunks, tools));
                }
                Err(error) if left_out < MOST_LEFT_OUT => {
                    left_out += 1;
                    let better = Learned::better(&self.model, &quirks, &self.request, &error);
                    quirks = better.ok_or(error)?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Exchange for Completion {
    async fn receive(&mut self, pending: &mut VecDeque<Delta>) -> Result<bool, ModelError> {
        if self.open.is_none() {
            self.open = Some(self.ask().await?);
        }
        let Some((chunks, tools)) = &mut self.open else { return Ok(false) };
        let Some(chunk) = chunks.next().await else { return Ok(false) };
        self.decoder.decode(chunk.map_err(model_error)?, &tools.names, |delta| pending.push_back(delta))?;
        Ok(true)
    }

    fn end(&mut self, pending: &mut VecDeque<Delta>) {
        let no_names = Names::default();
        let names = self.open.as_ref().map_or(&no_names, |(_, tools)| &tools.names);
        self.decoder.end(names, |delta| pending.push_back(delta));
        if let Some(value) = self.decoder.carried() {
            let by = carried::maker(&self.provider.name, &self.model.name).into();
            pending.push_back(Delta::Carried(Carried { by, value }));
        }
    }

    fn progress(&mut self) -> &mut Progress {
        &mut self.decoder.progress
    }

    fn timeouts(&self) -> &Timeouts {
        &self.provider.timeouts
    }

    fn secrets(&self) -> &Secrets {
        &self.provider.secrets
    }
}
