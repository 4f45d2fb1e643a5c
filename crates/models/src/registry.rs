//! Ids to models, the default model, and a local Ollama found by itself.

mod check;
mod choices;
mod configured;
mod installed;
mod of_workspace;
mod ollama;
#[cfg(test)]
mod unasked;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::future::{join, join_all};
use kontor_core::{environment::Environment, text};
use kontor_outbound::Outbound;
use serde::{Deserialize, Serialize};

pub use self::{
    check::ProviderCheck,
    choices::{Choices, DEFAULT, FAST, ModelOverride, ModelSettings, SMART},
};
use self::{
    configured::Configured,
    ollama::{OLLAMA, Ollama},
};
use crate::{
    chat::{Capabilities, ChatModel},
    config::ModelsConfig,
    error::ModelError,
    known::Pricing,
    providers::{Owner, ProviderKind},
};

/// How long the answer of the last probe is believed.
const PROBE_AGAIN: Duration = Duration::from_secs(60);
/// And where it did not say how large the window of a model is that is used.
const PROBE_SOON: Duration = Duration::from_secs(5);

/// What is told about a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModelInfo {
    pub id: String,
    /// The provider's name; the id itself for the built-in model.
    pub provider: String,
    pub capabilities: Capabilities,
    /// What its tokens cost, as far as is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    pub is_default: bool,
    /// The workspace knows something of it otherwise than it is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_overridden: bool,
}

/// The models there are. Cheap to clone.
#[derive(Clone)]
pub struct Models {
    shared: Arc<Shared>,
    /// What the workspace whose they are has set; of those of the installation, nothing.
    choices: Arc<Choices>,
}

/// A model that can be chosen.
struct Offered {
    provider: String,
    model: Arc<dyn ChatModel>,
    is_default: bool,
}

struct Shared {
    default: Option<String>,
    providers: BTreeMap<String, Configured>,
    /// The one that needs no provider and is always there.
    builtin: Arc<dyn ChatModel>,
    ollama: Option<Ollama>,
    environment: Environment,
    outbound: Outbound,
    /// Those of the installation, beside which these are a workspace's own.
    beneath: Option<Models>,
}

impl Models {
    /// The configured models beside `builtin`, the one that needs no provider.
    ///
    /// Fails where the default names a model that no provider has, or the address of a local Ollama cannot be
    /// used. A provider that cannot be used is told in the log, and to whoever asks for a model of it.
    pub fn new(
        config: ModelsConfig,
        outbound: &Outbound,
        builtin: Arc<dyn ChatModel>,
        environment: Environment,
    ) -> Result<Self, ModelError> {
        let mut providers = BTreeMap::new();
        for (name, provider) in config.providers {
            let made = Configured::new(&name, provider, Owner::Operator, outbound, &environment);
            if let Err(message) = &made.provider {
                tracing::warn!(provider = name, message, "a model provider cannot be used");
            }
            providers.insert(name, made);
        }
        let wanted = !config.ollama_url.is_empty() && !providers.contains_key(OLLAMA);
        let ollama = if wanted { Ollama::new(&config.ollama_url, outbound, &environment)? } else { None };
        let shared = Arc::new(Shared {
            default: config.default,
            providers,
            builtin,
            ollama,
            environment,
            outbound: outbound.clone(),
            beneath: None,
        });
        let models = Self { shared, choices: Arc::default() };
        if let Some(default) = &models.shared.default
            && !default.starts_with("ollama/")
        {
            match models.find(default) {
                Ok(_) | Err(ModelError::Misconfigured { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(models)
    }

    /// One model that answers whatever is asked for without a name, and no other: a run of it needs no configuration.
    pub fn alone(model: Arc<dyn ChatModel>, environment: Environment) -> Self {
        let shared = Shared {
            default: None,
            providers: BTreeMap::new(),
            builtin: model,
            ollama: None,
            environment,
            outbound: Outbound::default(),
            beneath: None,
        };
        Self { shared: Arc::new(shared), choices: Arc::default() }
    }

    /// Looks for a local Ollama (at most 400 ms where there is none, 2.4 s where there is one) and asks servers that
    /// say it for their context windows (a second). Called at start; later looks happen by themselves.
    pub async fn probe(&self) {
        let now = self.shared.environment.now();
        let servers = self.shared.providers.values().map(|configured| configured.ask_when_stale(None, now));
        let ollama = async {
            if let Some(ollama) = &self.shared.ollama {
                ollama.probe(now).await;
            }
        };
        join(join_all(servers), ollama).await;
    }

    /// The model of an id (`provider/model`, `builtin`) or of what the workspace calls `fast` and `smart`; the default
    /// for an empty id or `default`.
    pub async fn resolve(&self, name: &str) -> Result<Arc<dyn ChatModel>, ModelError> {
        let Some(id) = self.meant(name) else { return self.default_model().await };
        self.look(id).await;
        self.find(id)
    }

    /// What the model of this id can do, as far as is known now.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`] with the nearest name; [`ModelError::Misconfigured`] where its provider cannot be
    /// used.
    pub fn capabilities_of(&self, id: &str) -> Result<Capabilities, ModelError> {
        self.find(id).map(|model| model.capabilities())
    }

    /// Brings up to date what is known of a model, where its server is one that says it.
    async fn look(&self, id: &str) {
        let Some((provider, name)) = id.split_once('/') else { return };
        match self.shared.providers.get(provider) {
            Some(configured) => configured.ask_when_stale(Some(name), self.shared.environment.now()).await,
            None => match &self.shared.beneath {
                Some(beneath) => Box::pin(beneath.look(id)).await,
                None if provider == OLLAMA => {
                    self.probe_when_stale().await;
                    self.ask_window(name).await;
                }
                None => {}
            },
        }
    }

    /// The configured default, else a local Ollama's first model that can call tools, else `builtin`.
    pub async fn default_model(&self) -> Result<Arc<dyn ChatModel>, ModelError> {
        if let Some(beneath) = &self.shared.beneath {
            let default = Box::pin(beneath.default_model()).await?;
            return Ok(self.as_set(default));
        }
        if let Some(id) = &self.shared.default {
            self.look(id).await;
            return self.find(id);
        }
        self.probe_when_stale().await;
        let first = || self.shared.ollama.as_ref().and_then(Ollama::first);
        if let Some(found) = first()
            && found.capabilities().context_window.is_none()
            && let Some((_, name)) = found.name().split_once('/')
        {
            self.ask_window(name).await;
        }
        let found = first();
        Ok(self.as_set(found.unwrap_or_else(|| self.shared.builtin.clone())))
    }

    /// What can be chosen and what is used, as far as is known now; the default first.
    pub fn list(&self) -> Vec<ModelInfo> {
        let mut offered = self.offered();
        for id in self.choices.named() {
            if offered.iter().all(|offered| offered.model.name() != id)
                && let (Some(Ok(model)), Some((provider, _))) = (self.look_up(id), id.split_once('/'))
            {
                offered.push(Offered { provider: provider.to_owned(), model, is_default: false });
            }
        }
        let infos = offered.into_iter().map(|Offered { provider, model, is_default }| {
            let model = self.as_set(model);
            ModelInfo {
                id: model.name().to_owned(),
                provider,
                capabilities: model.capabilities(),
                pricing: model.pricing(),
                is_default,
                is_overridden: self.choices.overrides.contains_key(model.name()),
            }
        });
        infos.collect()
    }

    fn offered(&self) -> Vec<Offered> {
        if let Some(beneath) = &self.shared.beneath {
            return self.own_and(beneath.offered());
        }
        let mut found: Vec<(String, Arc<dyn ChatModel>)> = Vec::new();
        for (name, configured) in &self.shared.providers {
            for model in &configured.models {
                let model = configured.model(name, model.clone());
                found.extend(model.ok().map(|model| (name.clone(), model)));
            }
        }
        if let Some(ollama) = &self.shared.ollama {
            found.extend(ollama.models().into_iter().map(|model| (OLLAMA.to_owned(), model)));
        }
        if let Some(default) = &self.shared.default
            && found.iter().all(|(_, model)| model.name() != default)
            && let (Some(Ok(model)), Some((provider, _))) = (self.look_up(default), default.split_once('/'))
        {
            found.insert(0, (provider.to_owned(), model));
        }
        let builtin = self.shared.builtin.name();
        found.push((builtin.to_owned(), self.shared.builtin.clone()));
        let local = self.shared.ollama.as_ref().and_then(Ollama::first);
        let local = local.as_ref().map(|model| model.name());
        let default = self.shared.default.as_deref().or(local).unwrap_or(builtin).to_owned();
        let offered = found.into_iter().map(|(provider, model)| {
            let is_default = model.name() == default;
            Offered { provider, model, is_default }
        });
        let mut offered: Vec<_> = offered.collect();
        offered.sort_by_key(|offered| !offered.is_default);
        offered
    }

    fn find(&self, id: &str) -> Result<Arc<dyn ChatModel>, ModelError> {
        let found = self.look_up(id).unwrap_or_else(|| Err(self.unknown(id)));
        found.map(|model| self.as_set(model))
    }

    /// The model of an id as its provider has it; `None` where there is none.
    fn look_up(&self, id: &str) -> Option<Result<Arc<dyn ChatModel>, ModelError>> {
        if id == self.shared.builtin.name() {
            return Some(Ok(self.shared.builtin.clone()));
        }
        let (provider, name) = id.split_once('/')?;
        if let Some(configured) = self.shared.providers.get(provider) {
            return configured.find(provider, name);
        }
        if let Some(ollama) = self.shared.ollama.as_ref().filter(|_| provider == OLLAMA) {
            return ollama.model_named(name).map(Ok);
        }
        self.shared.beneath.as_ref()?.look_up(id)
    }

    fn unknown(&self, id: &str) -> ModelError {
        let offered = self.offered();
        ModelError::UnknownModel {
            id: text::excerpt(id, 100),
            suggestion: text::suggestion(id, offered.iter().map(|offered| offered.model.name())),
        }
    }

    /// Asks a local Ollama for the window of a model that it may have loaded since it was probed.
    async fn ask_window(&self, name: &str) {
        let Some(ollama) = &self.shared.ollama else { return };
        let now = self.shared.environment.now();
        if ollama.lacks_window(name, now)
            && let Ok(_looking) = ollama.probing.try_lock()
        {
            ollama.ask_windows(now).await;
        }
    }

    async fn probe_when_stale(&self) {
        let Some(ollama) = &self.shared.ollama else { return };
        let now = self.shared.environment.now();
        if ollama.is_stale(now) {
            // Whoever comes while one is looking goes on with what is known.
            if let Ok(_looking) = ollama.probing.try_lock() {
                ollama.probe(now).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{unasked::unasked, *};
    use crate::config::{ModelConfig, ProviderConfig, Secret};

    fn models(config: ModelsConfig) -> Models {
        Models::new(config, &Outbound::default(), unasked(), Environment::system()).unwrap()
    }

    fn provider(models: &[&str]) -> ProviderConfig {
        ProviderConfig {
            base_url: Some("http://127.0.0.1:9/v1".to_owned()),
            api_key: Some(Secret::new("k")),
            models: models
                .iter()
                .map(|name| ModelConfig { name: (*name).to_owned(), ..ModelConfig::default() })
                .collect(),
            ..ProviderConfig::default()
        }
    }

    fn without_ollama() -> ModelsConfig {
        ModelsConfig { ollama_url: String::new(), ..ModelsConfig::default() }
    }

    #[tokio::test]
    async fn builtin_is_always_there_and_the_default_of_an_empty_configuration() {
        let models = models(without_ollama());
        assert_eq!(models.default_model().await.unwrap().name(), "builtin");
        assert_eq!(models.resolve("builtin").await.unwrap().name(), "builtin");
        let list = models.list();
        assert!(list.len() == 1 && list[0].is_default && !list[0].capabilities.language);
    }

    #[tokio::test]
    async fn ids_name_a_provider_and_its_model() {
        let mut config = without_ollama();
        config.providers.insert("local".into(), provider(&["qwen"]));
        config.providers.insert("router".into(), provider(&[]));
        config.default = Some("local/qwen".into());
        let models = models(config);
        assert_eq!(models.resolve("").await.unwrap().name(), "local/qwen");
        assert_eq!(models.resolve("router/meta/llama:free").await.unwrap().name(), "router/meta/llama:free");
        let error = models.resolve("local/qwem").await.err().unwrap();
        assert_eq!(error.to_string(), "there is no model local/qwem. Did you mean local/qwen?");
        assert_eq!(models.list()[0].id, "local/qwen");
    }

    #[tokio::test]
    async fn a_local_ollama_is_found_by_itself_and_becomes_the_default() {
        let server = kontor_testkit::scripted::ScriptedModel::start().await.unwrap();
        let url = format!("http://{}", server.address());
        let models = models(ModelsConfig { ollama_url: url, ..ModelsConfig::default() });
        assert_eq!(models.default_model().await.unwrap().name(), "ollama/scripted");
        assert_eq!(models.resolve("ollama/scripted").await.unwrap().name(), "ollama/scripted");
        let ids: Vec<_> = models.list().into_iter().map(|info| (info.id, info.is_default)).collect();
        assert_eq!(ids, [("ollama/scripted".to_owned(), true), ("builtin".to_owned(), false)]);
    }

    #[tokio::test]
    async fn of_a_local_ollama_only_a_model_that_calls_tools_is_chosen_by_itself() {
        let ollama = async |listed: &[(&str, &[&str])]| {
            let server = kontor_testkit::scripted::ScriptedModel::with_models(listed).await.unwrap();
            let url = format!("http://{}", server.address());
            (models(ModelsConfig { ollama_url: url, ..ModelsConfig::default() }), server)
        };
        let vision: (&str, &[&str]) = ("llava", &["completion", "vision"]);
        let vectors: (&str, &[&str]) = ("minilm", &["embedding"]);
        let able: (&str, &[&str]) = ("qwen3", &["completion", "tools"]);
        let (models, server) = ollama(&[vision, vectors, able]).await;
        assert_eq!(models.default_model().await.unwrap().name(), "ollama/qwen3");
        let listed: Vec<_> = models
            .list()
            .into_iter()
            .map(|info| (info.id, info.capabilities.tools, info.is_default))
            .collect();
        let expected =
            [("ollama/qwen3", true, true), ("ollama/llava", false, false), ("builtin", true, false)];
        assert_eq!(listed, expected.map(|(id, tools, default)| (id.to_owned(), tools, default)));

        // One that is asked for by name is sent no tools, which its server would refuse.
        server.push(kontor_testkit::scripted::Script::new().text("A cat."));
        let tool = crate::chat::ToolDefinition {
            name: "deal.find".into(),
            description: "Find deals.".into(),
            parameters: Arc::new(serde_json::json!({"type": "object", "properties": {}})),
        };
        let request =
            crate::chat::ChatRequest::new([crate::chat::Message::User("what is it?".into())], [tool]);
        let llava = models.resolve("ollama/llava").await.unwrap();
        let deltas: Vec<_> = futures::StreamExt::collect(llava.stream(request)).await;
        assert!(deltas.iter().all(Result::is_ok), "{deltas:?}");
        assert!(server.requests()[0].get("tools").is_none(), "{}", server.requests()[0]);

        let (models, _server) = ollama(&[vision, vectors]).await;
        assert_eq!(models.default_model().await.unwrap().name(), "builtin");
        let default = models.list().into_iter().find(|info| info.is_default).unwrap();
        assert_eq!(default.id, "builtin");
    }

    #[test]
    fn a_default_that_no_provider_has_is_refused() {
        let config = ModelsConfig { default: Some("nobody/nothing".into()), ..without_ollama() };
        assert!(matches!(
            Models::new(config, &Outbound::default(), unasked(), Environment::system()),
            Err(ModelError::UnknownModel { .. })
        ));
    }

    #[tokio::test]
    async fn an_unusable_provider_leaves_the_others_alone() {
        let mut config = without_ollama();
        config.providers.insert(
            "bad".into(),
            ProviderConfig { base_url: Some("ftp://x".into()), ..ProviderConfig::default() },
        );
        config.providers.insert("good".into(), provider(&["m"]));
        let models = models(config);
        assert!(models.resolve("good/m").await.is_ok());
        assert!(matches!(models.resolve("bad/m").await, Err(ModelError::Misconfigured { .. })));
    }
}
