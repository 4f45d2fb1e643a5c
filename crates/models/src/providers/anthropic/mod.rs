//! Anthropic's Messages API: <https://platform.claude.com/docs/en/api/messages>.

mod conversation;
mod event;
mod exchange;
mod request;
mod thoughts;

use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_outbound::Outbound;

use super::{
    Access, Described, Owner, Provider, Server, Windows,
    wire::{reply, transport::Transport},
};
use crate::{
    chat::{ChatModel, ChatRequest, DeltaStream},
    config::{ModelConfig, Quirks, Timeouts},
    error::ModelError,
};
use exchange::Messages;

/// A server that speaks the Messages API.
pub(super) struct Anthropic(Arc<Shared>);

struct Shared {
    name: Arc<str>,
    owner: Owner,
    base: String,
    transport: Transport,
    quirks: Quirks,
    timeouts: Timeouts,
}

impl Anthropic {
    pub(super) fn new(access: Access, outbound: &Outbound) -> Result<Self, ModelError> {
        let transport = Transport::new(&access, outbound)?;
        Ok(Self(Arc::new(Shared {
            name: access.name,
            owner: access.owner,
            base: access.base_url,
            transport,
            quirks: access.quirks,
            timeouts: access.timeouts,
        })))
    }
}

impl Provider for Anthropic {
    fn list(&self) -> BoxFuture<'_, Result<Option<Vec<String>>, ModelError>> {
        // Twenty are told unless more are asked for.
        Box::pin(async { self.0.transport.list(&format!("{}/models?limit=1000", self.0.base)).await })
    }

    fn windows<'p>(&'p self, _: &'p [&'p str]) -> BoxFuture<'p, Result<Windows, ModelError>> {
        Box::pin(async { Ok(Windows::new()) })
    }

    fn model(&self, described: Described) -> Arc<dyn ChatModel> {
        super::model(&self.0, described)
    }
}

impl Server for Shared {
    fn name(&self) -> &str {
        &self.name
    }

    fn quirks(&self) -> &Quirks {
        &self.quirks
    }

    fn owner(&self) -> Owner {
        self.owner
    }

    fn stream(self: Arc<Self>, model: ModelConfig, request: ChatRequest) -> DeltaStream {
        reply::deltas(Messages::new(self, model, request))
    }
}

#[cfg(test)]
mod tests;
