//! One request and the events of its answer.

use std::{collections::VecDeque, pin::Pin, sync::Arc};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt as _};

use super::{
    Shared,
    event::{Decoder, Event},
    request::WireRequest,
    thoughts,
};
use crate::{
    chat::{ChatRequest, Delta},
    config::{ModelConfig, Timeouts},
    error::ModelError,
    providers::wire::{
        names::Names,
        reply::{Exchange, Progress},
        secrets::Secrets,
    },
};

type Events = Pin<Box<dyn Stream<Item = Result<Bytes, ModelError>> + Send>>;

pub(super) struct Messages {
    provider: Arc<Shared>,
    model: ModelConfig,
    request: ChatRequest,
    names: Names,
    maker: String,
    open: Option<Events>,
    decoder: Decoder,
}

impl Messages {
    pub(super) fn new(provider: Arc<Shared>, model: ModelConfig, request: ChatRequest) -> Self {
        let names = Names::new(request.tools.iter().map(|tool| tool.name.as_str()));
        let maker = thoughts::maker(&provider.name, &model.name);
        Self { provider, model, request, names, maker, open: None, decoder: Decoder::default() }
    }

    // `&mut`, because the open stream of events can move between threads but not be shared by them.
    async fn ask(&mut self) -> Result<Events, ModelError> {
        let provider = &self.provider;
        let wire = WireRequest::new(&self.request, &self.model, &provider.quirks, &self.names, &self.maker);
        let response = provider.transport.post(&format!("{}/messages", provider.base), &wire).await?;
        let broken = |error: reqwest::Error| ModelError::CutShort { detail: error.without_url().to_string() };
        Ok(Box::pin(response.bytes_stream().map_err(broken)))
    }
}

impl Exchange for Messages {
    async fn receive(&mut self, pending: &mut VecDeque<Delta>) -> Result<bool, ModelError> {
        if self.open.is_none() {
            self.open = Some(self.ask().await?);
        }
        let Some(events) = self.open.as_mut().filter(|_| !self.decoder.is_over) else { return Ok(false) };
        let Some(event) = events.next().await.transpose()? else { return Ok(false) };
        // The framing gives one event to a piece.
        let data = event.strip_prefix(b"data:").unwrap_or(&event).trim_ascii();
        let event: Event = serde_json::from_slice(data)
            .map_err(|error| ModelError::Protocol(format!("an event cannot be read: {error}")))?;
        self.decoder.decode(event, &self.names, |delta| pending.push_back(delta))?;
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
