//! One request and the events of its answer.

use std::{collections::VecDeque, sync::Arc};

use super::{Shared, event::Decoder, request::WireRequest, thoughts};
use crate::{
    chat::{ChatRequest, Delta},
    config::{ModelConfig, Timeouts},
    error::ModelError,
    providers::wire::{
        answer::Answer,
        names::Names,
        reply::{Exchange, Progress},
        secrets::Secrets,
    },
};

pub(super) struct Messages {
    provider: Arc<Shared>,
    model: ModelConfig,
    request: ChatRequest,
    names: Names,
    maker: String,
    open: Option<Answer>,
    decoder: Decoder,
}

impl Messages {
    pub(super) fn new(provider: Arc<Shared>, model: ModelConfig, request: ChatRequest) -> Self {
        let names = Names::new(request.tools.iter().map(|tool| tool.name.as_str()));
        let maker = thoughts::maker(&provider.name, &model.name);
        Self { provider, model, request, names, maker, open: None, decoder: Decoder::default() }
    }

    // `&mut`, because the open answer can move between threads but not be shared by them.
    async fn ask(&mut self) -> Result<Answer, ModelError> {
        let provider = &self.provider;
        let wire = WireRequest::new(&self.request, &self.model, &provider.quirks, &self.names, &self.maker);
        provider.transport.post(&format!("{}/messages", provider.base), &wire).await
    }
}

impl Exchange for Messages {
    async fn receive(&mut self, pending: &mut VecDeque<Delta>) -> Result<bool, ModelError> {
        if self.open.is_none() {
            self.open = Some(self.ask().await?);
        }
        let Some(answer) = self.open.as_mut().filter(|_| !self.decoder.is_over) else { return Ok(false) };
        let Some(frame) = answer.next().await? else { return Ok(false) };
        self.decoder.take(frame, &self.names, |delta| pending.push_back(delta))?;
        Ok(true)
    }

    fn end(&mut self, pending: &mut VecDeque<Delta>) {
        self.decoder.end(|delta| pending.push_back(delta));
        if self.decoder.progress.finish.is_some() {
            pending.extend(self.decoder.order.take(&self.maker).map(Delta::Carried));
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
