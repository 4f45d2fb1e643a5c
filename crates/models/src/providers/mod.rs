//! Providers of models: what one is, what is known of each kind, and a folder for each wire.
//!
//! | module | holds |
//! |---|---|
//! | `presets` | what is known of each [`ProviderKind`]: address, header of the key, quirks |
//! | `wire` | what all wires share: framing, transport, failures, an answer's timers |
//! | `openai` | every server that speaks OpenAI's chat completions |
//! | `anthropic` | Anthropic's Messages API |

mod anthropic;
mod openai;
mod presets;
mod wire;

use std::{collections::BTreeMap, sync::Arc};

use futures::future::BoxFuture;
use kontor_core::error::Problem;
use kontor_outbound::Outbound;
use url::Url;

pub(crate) use self::openai::window_set_by_hand;
pub use self::presets::ProviderKind;
use self::presets::{ApiVersion, KeyHeader, Preset, Wire};
use crate::{
    breaker::Breaker,
    chat::{Capabilities, ChatModel, ChatRequest, DeltaStream},
    config::{ModelConfig, ProviderConfig, Quirks, Secret, Thinking, Timeouts},
    error::ModelError,
    known::{Facts, Pricing},
    registry::ModelOverride,
};

/// A provider that can be asked.
pub(crate) trait Provider: Send + Sync {
    /// The models that it says it has; `None` where it does not say. One short request.
    fn list(&self) -> BoxFuture<'_, Result<Option<Vec<String>>, ModelError>>;

    /// How many tokens each model takes as its server runs it, by name; under no name, that of all. Of servers that
    /// do not say it, nothing.
    fn windows<'p>(&'p self, models: &'p [&'p str]) -> BoxFuture<'p, Result<Windows, ModelError>>;

    /// A model as it is described.
    fn model(&self, described: Described) -> Arc<dyn ChatModel>;
}

/// What a wire knows of a provider that its models ask.
pub(crate) trait Server: Send + Sync + 'static {
    fn name(&self) -> &str;

    fn quirks(&self) -> &Quirks;

    fn owner(&self) -> Owner;

    /// Asks a model.
    fn stream(self: Arc<Self>, model: ModelConfig, request: ChatRequest) -> DeltaStream;
}

/// A model of a provider, on whichever wire.
struct ProviderModel<S> {
    id: String,
    server: Arc<S>,
    described: Described,
}

/// A model of this server as it is described.
pub(crate) fn model<S: Server>(server: &Arc<S>, described: Described) -> Arc<dyn ChatModel> {
    let id = format!("{}/{}", server.name(), described.config.name);
    Arc::new(ProviderModel { id, server: server.clone(), described })
}

impl<S: Server> ChatModel for ProviderModel<S> {
    fn name(&self) -> &str {
        &self.id
    }

    fn capabilities(&self) -> Capabilities {
        self.described.capabilities(self.server.quirks())
    }

    fn pricing(&self) -> Option<Pricing> {
        self.described.pricing()
    }

    fn breaker(&self) -> Option<&Arc<Breaker>> {
        self.described.breaker.as_ref()
    }

    fn problem_of(&self, error: &ModelError) -> Problem {
        error.problem_for(self.server.owner())
    }

    fn known_otherwise(&self, known: &ModelOverride) -> Option<Arc<dyn ChatModel>> {
        let mut described = self.described.clone();
        let config = &mut described.config;
        config.context_window = known.context_window.or(config.context_window);
        config.max_output_tokens = known.max_output_tokens.or(config.max_output_tokens);
        if let Some(price) = known.price {
            (config.price, config.long_prompt) = (Some(price), known.long_prompt);
        }
        Some(Arc::new(Self { id: self.id.clone(), server: self.server.clone(), described }))
    }

    fn stream(&self, mut request: ChatRequest) -> DeltaStream {
        if !self.capabilities().tools {
            // A server refuses a whole request for tools that its model cannot call.
            request.tools = Arc::default();
        }
        self.server.clone().stream(self.described.config.clone(), request)
    }
}

/// Context windows by the name of the model.
pub(crate) type Windows = BTreeMap<String, u32>;

/// A model as its configuration and what else is known of it describe it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Described {
    pub(crate) config: ModelConfig,
    /// The window with which its server runs it.
    pub(crate) window: Option<u32>,
    pub(crate) facts: Facts,
    /// How it fares, of one that is asked.
    pub(crate) breaker: Option<Arc<Breaker>>,
}

impl Described {
    fn capabilities(&self, quirks: &Quirks) -> Capabilities {
        let Self { config, window, facts, breaker: _ } = self;
        Capabilities {
            language: true,
            tools: config.tools && facts.tools.unwrap_or(true),
            parallel_tool_calls: quirks.parallel_tool_calls.or(facts.parallel_tool_calls).unwrap_or(true),
            context_window: config.context_window.or(*window).or(facts.context_window),
            max_output_tokens: config.max_output_tokens.or(facts.max_output_tokens),
            thinking: config.thinking.map_or(facts.thinking, |thinking| thinking != Thinking::Off),
            vision: false,
        }
    }

    fn pricing(&self) -> Option<Pricing> {
        match self.config.price {
            Some(price) => Some(Pricing { price, long_prompt: self.config.long_prompt }),
            None => Some(Pricing { price: self.facts.price?, long_prompt: self.facts.long_prompt }),
        }
    }
}

/// Whose word it is how a provider is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Its key may be in the environment, and its address is reached wherever it is.
    Operator,
    /// Its address is reached as one that a workspace chose, and the environment is not asked for its key.
    Workspace,
}

/// A provider as it is configured.
///
/// # Errors
/// [`ModelError::Misconfigured`].
pub(crate) fn open(
    name: &str,
    config: &ProviderConfig,
    owner: Owner,
    outbound: &Outbound,
) -> Result<Arc<dyn Provider>, ModelError> {
    let (wire, access) = Access::of(name, config, owner)
        .map_err(|message| ModelError::Misconfigured { provider: name.to_owned(), message })?;
    match wire {
        Wire::Completions => Ok(Arc::new(openai::OpenAi::new(access, outbound)?)),
        Wire::Messages => Ok(Arc::new(anthropic::Anthropic::new(access, outbound)?)),
    }
}

/// How a provider is reached: what its configuration says over what its kind knows.
pub(crate) struct Access {
    name: Arc<str>,
    kind: ProviderKind,
    /// Without a slash at the end.
    base_url: String,
    key: Option<Secret>,
    key_header: KeyHeader,
    version: ApiVersion,
    configured_version: Option<String>,
    headers: BTreeMap<String, Secret>,
    owner: Owner,
    quirks: Quirks,
    timeouts: Timeouts,
}

impl Access {
    fn of(name: &str, config: &ProviderConfig, owner: Owner) -> Result<(Wire, Self), String> {
        let kind = config.kind();
        let preset = kind.preset();
        let base_url = config.base_url.as_deref().or(preset.base_url);
        let base_url = base_url.ok_or_else(|| format!("{} needs a base_url", preset.label))?;
        let access = Self {
            name: name.into(),
            kind,
            base_url: base_url.trim_end_matches('/').to_owned(),
            key: key(config, &preset, owner)?,
            key_header: preset.key_header,
            version: preset.version,
            configured_version: config.api_version.clone(),
            headers: config.headers.clone(),
            owner,
            quirks: config.quirks.over(&preset.quirks),
            timeouts: config.timeouts,
        };
        Ok((preset.wire, access))
    }

    fn misconfigured(&self, message: String) -> ModelError {
        ModelError::Misconfigured { provider: self.name.to_string(), message }
    }
}

/// The key of a provider. One that the environment holds for a provider is sent to that provider alone, and not to
/// another address that speaks its wire.
fn key(config: &ProviderConfig, preset: &Preset, owner: Owner) -> Result<Option<Secret>, String> {
    if let Some(key) = &config.api_key {
        return Ok(Some(key.clone()));
    }
    let in_environment = |variable: &str| match owner {
        Owner::Operator => std::env::var(variable).ok().filter(|key| !key.is_empty()).map(Secret::new),
        Owner::Workspace => None,
    };
    if let Some(variable) = &config.api_key_env {
        let key = in_environment(variable);
        return key.map(Some).ok_or_else(|| format!("the environment variable {variable} holds no key"));
    }
    let Some(variable) = preset.key_variable else { return Ok(None) };
    let is_own = match (&config.base_url, preset.base_url) {
        (Some(configured), Some(own)) => origin(configured) == origin(own),
        // Where each customer has an address of their own, it is the provider's.
        _ => true,
    };
    match in_environment(variable).filter(|_| is_own) {
        None if owner == Owner::Workspace && is_own => Err("it has no key".to_owned()),
        None if is_own && config.headers.is_empty() => {
            Err(format!("it has no key: set api_key, or the environment variable {variable}"))
        }
        key => Ok(key),
    }
}

fn origin(url: &str) -> Option<url::Origin> {
    Url::parse(url).ok().map(|url| url.origin())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn access(config: Value) -> Result<Access, String> {
        Access::of("x", &serde_json::from_value(config).unwrap(), Owner::Operator).map(|(_, access)| access)
    }

    #[test]
    fn a_kind_and_a_key_are_all_that_has_to_be_set() {
        for kind in ProviderKind::ALL {
            let mut config = json!({"kind": kind, "api_key": "k-12345"});
            if kind.base_url().is_none() {
                assert!(access(config.clone()).err().unwrap().contains("needs a base_url"), "{kind:?}");
                config["base_url"] = json!("https://models.example.com/v1");
            }
            let access = access(config).unwrap();
            let url = Url::parse(&access.base_url).unwrap();
            assert!(!access.base_url.ends_with('/'));
            assert_eq!(url.scheme() == "https", url.host_str() != Some("127.0.0.1"), "{kind:?}");
        }
    }

    #[test]
    fn what_is_set_by_hand_goes_before_what_the_kind_knows() {
        let mistral = access(json!({"kind": "mistral", "api_key": "k"})).unwrap();
        assert!(!mistral.quirks.include_usage);
        let config = json!({
            "kind": "mistral", "api_key": "k", "base_url": "http://127.0.0.1:9/v1/",
            "quirks": {"include_usage": true, "parallel_tool_calls": false},
        });
        let own = access(config).unwrap();
        assert_eq!(own.base_url, "http://127.0.0.1:9/v1");
        assert!(own.quirks.include_usage && own.quirks.parallel_tool_calls == Some(false));
    }

    #[test]
    fn an_address_alone_is_a_server_that_speaks_openais_wire_and_gets_no_key_of_the_environment() {
        let access = access(json!({"base_url": "http://127.0.0.1:8080/v1"})).unwrap();
        assert!(access.key.is_none());
        assert_eq!(access.quirks, Quirks::PLAIN);
    }

    #[test]
    fn a_provider_without_its_key_says_which_variable_may_hold_it() {
        // No test sets it.
        let message = access(json!({"kind": "deepseek"})).err().unwrap();
        assert!(message.contains("DEEPSEEK_API_KEY"), "{message}");
        let message = access(json!({"kind": "openai", "api_key_env": "KONTOR_TEST_NO_KEY"})).err().unwrap();
        assert_eq!(message, "the environment variable KONTOR_TEST_NO_KEY holds no key");
        // Another address gets no key that was meant for the provider, and may need none.
        assert!(
            access(json!({"kind": "deepseek", "base_url": "http://127.0.0.1:1/v1"})).unwrap().key.is_none()
        );
    }
}
