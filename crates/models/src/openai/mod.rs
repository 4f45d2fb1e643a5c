//! Every server that speaks OpenAI's chat completions, by async-openai over our own transport and with our
//! own types of the wire, which take unknown words and missing pieces for what they are.

mod bare;
mod carried;
mod chunk;
mod encoding;
mod failure;
mod framing;
mod ids;
mod learned;
mod markup;
mod messages;
mod names;
mod reply;
mod request;
mod secrets;
mod thinking;
mod transport;

use std::sync::{Arc, Mutex, PoisonError};

use async_openai::{Client, config::OpenAIConfig};
use futures::{StreamExt, stream};
use kontor_outbound::Outbound;

use crate::{
    chat::{Capabilities, ChatModel, ChatRequest, DeltaStream, ToolDefinition},
    config::{ModelConfig, ProviderConfig, Quirks, Timeouts},
    error::ModelError,
};
use learned::Learned;
use names::Names;
use reply::Reply;
use request::EncodedTools;
use secrets::Secrets;
use transport::Transport;

const OPENAI: &str = "https://api.openai.com/v1";

/// How many tool lists are kept in their encoded form: a list is a caller's catalogue, and few callers chat
/// at one time.
const KEPT_TOOLS: usize = 64;

/// A configured provider; models are made from it.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Shared>);

struct Shared {
    name: String,
    base: String,
    transport: Transport,
    client: Client<OpenAIConfig>,
    secrets: Secrets,
    quirks: Quirks,
    timeouts: Timeouts,
    tools: Mutex<Vec<KeptTools>>,
    learned: Learned,
}

type KeptTools = (Arc<[ToolDefinition]>, Arc<EncodedTools>);

impl Provider {
    pub(crate) fn new(name: &str, config: &ProviderConfig, outbound: &Outbound) -> Result<Self, ModelError> {
        let base = config.base_url.as_deref().unwrap_or(OPENAI).trim_end_matches('/');
        let transport = Transport::new(name, base, config, outbound)?;
        let secrets = transport.secrets().clone();
        // The transport sets the key itself, so that async-openai, which would log it with its
        // configuration, never has it. Its own retries are off because the transport is ours.
        let client = Client::build(
            transport.request_builder().clone(),
            OpenAIConfig::new().with_api_base(base).with_api_key("").with_org_id(""),
        )
        .with_http_service(transport.clone());
        Ok(Self(Arc::new(Shared {
            name: name.to_owned(),
            base: base.to_owned(),
            transport,
            client,
            secrets,
            quirks: config.quirks.clone(),
            timeouts: config.timeouts,
            tools: Mutex::default(),
            learned: Learned::default(),
        })))
    }

    /// The models the server says it has; `None` where it does not say. One short request.
    pub(crate) async fn list(&self) -> Result<Option<Vec<String>>, ModelError> {
        self.0.transport.list(&self.0.base).await
    }

    pub(crate) fn model(&self, config: &ModelConfig) -> Arc<dyn ChatModel> {
        Arc::new(OpenAiModel {
            id: format!("{}/{}", self.0.name, config.name),
            provider: self.0.clone(),
            config: config.clone(),
        })
    }
}

impl Shared {
    /// The encoded form of a tool list, from the kept ones where it is there: a catalogue's schemas are most
    /// of a request, and every step of every turn sends them again.
    fn encode_tools(&self, tools: &Arc<[ToolDefinition]>) -> Result<Arc<EncodedTools>, ModelError> {
        let mut kept = self.tools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(position) = kept.iter().position(|(list, _)| Arc::ptr_eq(list, tools)) {
            let found = kept.remove(position);
            let encoded = found.1.clone();
            kept.push(found);
            return Ok(encoded);
        }
        let encoded = Arc::new(EncodedTools::new(tools)?);
        if kept.len() >= KEPT_TOOLS {
            kept.remove(0);
        }
        kept.push((tools.clone(), encoded.clone()));
        Ok(encoded)
    }
}

struct OpenAiModel {
    id: String,
    provider: Arc<Shared>,
    config: ModelConfig,
}

impl ChatModel for OpenAiModel {
    fn name(&self) -> &str {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            language: true,
            tools: self.config.tools,
            parallel_tool_calls: self.provider.quirks.parallel_tool_calls.unwrap_or(true),
            context_window: self.config.context_window,
            max_output_tokens: self.config.max_output_tokens,
        }
    }

    fn stream(&self, mut request: ChatRequest) -> DeltaStream {
        if !self.config.tools {
            // A server refuses a whole request for tools that its model cannot call.
            request.tools = Arc::default();
        }
        let reply = Reply::new(self.provider.clone(), self.config.clone(), request);
        stream::unfold(Some(reply), |reply| async move {
            let mut reply = reply?;
            let item = reply.next().await?;
            let rest = item.is_ok().then_some(reply);
            Some((item, rest))
        })
        .boxed()
    }
}

#[cfg(test)]
mod tests;
