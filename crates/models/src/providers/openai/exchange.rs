//! One request and the chunks of its answer.

use std::{collections::VecDeque, sync::Arc};

use super::{
    Shared, carried,
    chunk::Decoder,
    learned::Learned,
    request::{EncodedTools, WireRequest},
};
use crate::{
    chat::{Carried, ChatRequest, Delta},
    config::{ModelConfig, Timeouts},
    error::ModelError,
    providers::wire::{
        answer::Answer,
        names::Names,
        reply::{Exchange, Progress},
        secrets::Secrets,
    },
};

/// Parameters that are left out of one request, one after another, because they were refused.
const MOST_LEFT_OUT: usize = 3;

pub(super) struct Completion {
    provider: Arc<Shared>,
    model: ModelConfig,
    request: ChatRequest,
    open: Option<(Answer, Arc<EncodedTools>)>,
    decoder: Decoder,
}

impl Completion {
    pub(super) fn new(provider: Arc<Shared>, model: ModelConfig, request: ChatRequest) -> Self {
        Self { provider, model, request, open: None, decoder: Decoder::default() }
    }

    // `&mut`, because the open answer can move between threads but not be shared by them.
    async fn ask(&mut self) -> Result<(Answer, Arc<EncodedTools>), ModelError> {
        let url = format!("{}/chat/completions", self.provider.base);
        let tools = self.provider.encode_tools(&self.request.tools)?;
        let mut quirks = self.provider.learned.of(&self.model.name, &self.provider.quirks);
        let mut left_out = 0;
        loop {
            let body = WireRequest::new(&self.request, &self.provider.name, &self.model, &quirks, &tools)?;
            match self.provider.transport.post(&url, &body).await {
                Ok(answer) => {
                    if left_out > 0 {
                        self.provider.learned.keep(&self.model, quirks);
                    }
                    return Ok((answer, tools));
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
        let Some((answer, tools)) = &mut self.open else { return Ok(false) };
        let Some(frame) = answer.next().await? else { return Ok(false) };
        self.decoder.take(frame, &tools.names, |delta| pending.push_back(delta))?;
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
        self.provider.transport.secrets()
    }
}
