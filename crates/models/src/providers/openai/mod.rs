//! Every server that speaks OpenAI's chat completions, with types of the wire that take unknown words and missing
//! pieces for what they are.

mod carried;
mod chunk;
mod exchange;
mod ids;
mod learned;
mod markup;
mod messages;
mod request;
mod thinking;
mod windows;

use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::cache::{ByAddress, Cache};
use kontor_outbound::Outbound;

use super::{
    Access, Described, Owner, Provider, ProviderKind, Server, Windows,
    wire::{reply, transport::Transport},
};
use crate::{
    chat::{ChatModel, ChatRequest, DeltaStream, ToolDefinition},
    config::{ModelConfig, Quirks, Timeouts},
    error::ModelError,
};
use exchange::Completion;
use learned::Learned;
use request::EncodedTools;

pub(crate) use windows::set_by_hand as window_set_by_hand;

/// How many tool lists are kept in their encoded form: a list is a caller's catalogue, and few callers chat
/// at one time.
const KEPT_TOOLS: usize = 64;

/// A server that speaks OpenAI's chat completions.
pub(super) struct OpenAi(Arc<Shared>);

struct Shared {
    name: Arc<str>,
    owner: Owner,
    kind: ProviderKind,
    base: String,
    transport: Transport,
    quirks: Quirks,
    timeouts: Timeouts,
    tools: Cache<ByAddress<[ToolDefinition]>, Arc<EncodedTools>>,
    learned: Learned,
}

impl OpenAi {
    pub(super) fn new(access: Access, outbound: &Outbound) -> Result<Self, ModelError> {
        let transport = Transport::new(&access, outbound)?;
        Ok(Self(Arc::new(Shared {
            name: access.name,
            owner: access.owner,
            kind: access.kind,
            base: access.base_url,
            transport,
            quirks: access.quirks,
            timeouts: access.timeouts,
            tools: Cache::new(KEPT_TOOLS),
            learned: Learned::default(),
        })))
    }
}

impl Provider for OpenAi {
    fn list(&self) -> BoxFuture<'_, Result<Option<Vec<String>>, ModelError>> {
        Box::pin(async { self.0.transport.list(&format!("{}/models", self.0.base)).await })
    }

    fn windows<'p>(&'p self, models: &'p [&'p str]) -> BoxFuture<'p, Result<Windows, ModelError>> {
        Box::pin(windows::ask(self.0.kind, &self.0.base, &self.0.transport, models))
    }

    fn model(&self, described: Described) -> Arc<dyn ChatModel> {
        super::model(&self.0, described)
    }
}

impl Shared {
    /// The encoded form of a tool list, from the kept ones where it is there: a catalogue's schemas are most
    /// of a request, and every step of every turn sends them again.
    fn encode_tools(&self, tools: &Arc<[ToolDefinition]>) -> Result<Arc<EncodedTools>, ModelError> {
        let key = ByAddress(tools.clone());
        if let Some(encoded) = self.tools.get(&key) {
            return Ok(encoded);
        }
        let encoded = Arc::new(EncodedTools::new(tools)?);
        self.tools.insert(key, encoded.clone());
        Ok(encoded)
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
        reply::deltas(Completion::new(self, model, request))
    }
}

#[cfg(test)]
mod tests;
