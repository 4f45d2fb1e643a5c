//! Ids to models, the default model, and a local Ollama found by itself.

mod check;
#[cfg(test)]
mod unasked;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

pub use self::check::ProviderCheck;
use kontor_core::{environment::Environment, error::Chain, text, time::Timestamp};
use kontor_outbound::{Client, Limits, Outbound, RequestBuilder, Steered};
use reqwest::Method;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    chat::{Capabilities, ChatModel},
    config::{ModelConfig, ModelsConfig, ProviderConfig},
    error::ModelError,
    openai::Provider,
};

const OLLAMA: &str = "ollama";
const PROBE_TIMEOUT: Duration = Duration::from_millis(400);
/// How long the models of an Ollama that answers may take to say what they can do.
const SHOW_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the answer of the last probe is believed.
const PROBE_AGAIN: Duration = Duration::from_secs(60);

/// Why a local Ollama did not say something; for the log alone.
type Unsaid = Box<dyn std::error::Error + Send + Sync>;

/// What is told about a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModelInfo {
    pub id: String,
    /// The provider's name; the id itself for the built-in model.
    pub provider: String,
    pub capabilities: Capabilities,
    pub is_default: bool,
}

/// The models there are. Cheap to clone.
#[derive(Clone)]
pub struct Models(Arc<Shared>);

struct Shared {
    default: Option<String>,
    providers: BTreeMap<String, Configured>,
    /// The one that needs no provider and is always there.
    builtin: Arc<dyn ChatModel>,
    ollama: Option<Ollama>,
    environment: Environment,
}

struct Configured {
    /// A provider that cannot be used says so when it is asked for, and does not keep the others away.
    provider: Result<Provider, String>,
    models: Vec<ModelConfig>,
}

impl Configured {
    fn model(&self, name: &str, config: &ModelConfig) -> Result<Arc<dyn ChatModel>, ModelError> {
        match &self.provider {
            Ok(provider) => Ok(provider.model(config)),
            Err(message) => {
                Err(ModelError::Misconfigured { provider: name.to_owned(), message: message.clone() })
            }
        }
    }
}

struct Ollama {
    url: String,
    http: Client,
    provider: Provider,
    state: RwLock<Probed>,
    probing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Probed {
    at: Option<Timestamp>,
    models: Vec<Local>,
}

/// A model of the local Ollama.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Local {
    config: ModelConfig,
    /// Says itself that it can call tools: only such a one is chosen without being asked for.
    calls_tools: bool,
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
            let made = Provider::new(&name, &provider, outbound).map_err(|error| match error {
                ModelError::Misconfigured { message, .. } => message,
                other => other.to_string(),
            });
            if let Err(message) = &made {
                tracing::warn!(provider = name, message, "a model provider cannot be used");
            }
            providers.insert(name, Configured { provider: made, models: provider.models });
        }
        let wanted = !config.ollama_url.is_empty() && !providers.contains_key(OLLAMA);
        let ollama = if wanted { Ollama::new(&config.ollama_url, outbound)? } else { None };
        let models =
            Self(Arc::new(Shared { default: config.default, providers, builtin, ollama, environment }));
        if let Some(default) = &models.0.default
            && !default.starts_with("ollama/")
        {
            match models.find(default) {
                Ok(_) | Err(ModelError::Misconfigured { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(models)
    }

    /// Looks for a local Ollama: at most 400 ms where there is none, 1.4 s where there is one. Called at start; later looks happen by themselves.
    pub async fn probe(&self) {
        if let Some(ollama) = &self.0.ollama {
            ollama.probe(self.0.environment.now()).await;
        }
    }

    /// The model of an id (`provider/model`, `builtin`); the default for an empty id or `default`.
    pub async fn resolve(&self, id: &str) -> Result<Arc<dyn ChatModel>, ModelError> {
        if id.is_empty() || id == "default" {
            return self.default_model().await;
        }
        if id.starts_with("ollama/") {
            self.probe_when_stale().await;
        }
        self.find(id)
    }

    /// The configured default, else a local Ollama's first model that can call tools, else `builtin`.
    pub async fn default_model(&self) -> Result<Arc<dyn ChatModel>, ModelError> {
        if let Some(id) = &self.0.default {
            if id.starts_with("ollama/") {
                self.probe_when_stale().await;
            }
            return self.find(id);
        }
        self.probe_when_stale().await;
        let found = self.0.ollama.as_ref().and_then(Ollama::first);
        Ok(found.unwrap_or_else(|| self.0.builtin.clone()))
    }

    /// What can be chosen, as far as is known now; the default first.
    pub fn list(&self) -> Vec<ModelInfo> {
        let mut found: Vec<(String, Arc<dyn ChatModel>)> = Vec::new();
        for (name, configured) in &self.0.providers {
            for model in &configured.models {
                found.extend(configured.model(name, model).ok().map(|model| (name.clone(), model)));
            }
        }
        if let Some(ollama) = &self.0.ollama {
            let models = ollama.models();
            found
                .extend(models.iter().map(|model| (OLLAMA.to_owned(), ollama.provider.model(&model.config))));
        }
        if let Some(default) = &self.0.default
            && found.iter().all(|(_, model)| model.name() != default)
            && let (Ok(model), Some((provider, _))) = (self.find(default), default.split_once('/'))
        {
            found.insert(0, (provider.to_owned(), model));
        }
        let builtin = self.0.builtin.name();
        found.push((builtin.to_owned(), self.0.builtin.clone()));
        let local = self.0.ollama.as_ref().and_then(Ollama::first);
        let local = local.as_ref().map(|model| model.name());
        let default = self.0.default.as_deref().or(local).unwrap_or(builtin).to_owned();
        let mut infos: Vec<_> = found
            .into_iter()
            .map(|(provider, model)| ModelInfo {
                id: model.name().to_owned(),
                provider,
                capabilities: model.capabilities(),
                is_default: model.name() == default,
            })
            .collect();
        infos.sort_by_key(|info| !info.is_default);
        infos
    }

    fn find(&self, id: &str) -> Result<Arc<dyn ChatModel>, ModelError> {
        if id == self.0.builtin.name() {
            return Ok(self.0.builtin.clone());
        }
        let Some((provider, name)) = id.split_once('/') else { return Err(self.unknown(id)) };
        if let Some(configured) = self.0.providers.get(provider) {
            let listed = configured.models.iter().find(|model| model.name == name);
            return match listed {
                Some(model) => configured.model(provider, model),
                None if configured.models.is_empty() && !name.is_empty() => {
                    let any = ModelConfig { name: name.to_owned(), ..ModelConfig::default() };
                    configured.model(provider, &any)
                }
                None => Err(self.unknown(id)),
            };
        }
        if let Some(ollama) = self.0.ollama.as_ref().filter(|_| provider == OLLAMA) {
            let models = ollama.models();
            let found = models.iter().find(|model| model.config.name == name);
            return found.map(|model| ollama.provider.model(&model.config)).ok_or_else(|| self.unknown(id));
        }
        Err(self.unknown(id))
    }

    fn unknown(&self, id: &str) -> ModelError {
        let known: Vec<String> = self
            .0
            .providers
            .iter()
            .flat_map(|(name, configured)| {
                configured.models.iter().map(move |m| format!("{name}/{}", m.name))
            })
            .chain([self.0.builtin.name().to_owned()])
            .collect();
        ModelError::UnknownModel {
            id: text::excerpt(id, 100),
            suggestion: text::suggestion(id, known.iter().map(String::as_str)),
        }
    }

    async fn probe_when_stale(&self) {
        let Some(ollama) = &self.0.ollama else { return };
        let now = self.0.environment.now();
        if ollama.is_stale(now) {
            // Whoever comes while one is looking goes on with what is known.
            if let Ok(_looking) = ollama.probing.try_lock() {
                ollama.probe(now).await;
            }
        }
    }
}

impl Ollama {
    fn new(url: &str, outbound: &Outbound) -> Result<Option<Self>, ModelError> {
        let url = url.trim_end_matches('/').to_owned();
        let config = ProviderConfig { base_url: Some(format!("{url}/v1")), ..ProviderConfig::default() };
        let provider = Provider::new(OLLAMA, &config, outbound)?;
        let misconfigured =
            |message: String| ModelError::Misconfigured { provider: OLLAMA.to_owned(), message };
        let parsed = url.parse().map_err(|error: url::ParseError| misconfigured(error.to_string()))?;
        let limits = Limits { connect: PROBE_TIMEOUT, total: SHOW_TIMEOUT, ..Limits::default() };
        let http = outbound.client(Steered::ByOperator(&parsed), limits);
        let http = http.map_err(|error| misconfigured(Chain(&error).to_string()))?;
        Ok(Some(Self {
            url,
            http,
            provider,
            state: RwLock::default(),
            probing: tokio::sync::Mutex::const_new(()),
        }))
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.at.is_none_or(|at| now.since(at) >= PROBE_AGAIN)
    }

    fn models(&self) -> Vec<Local> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).models.clone()
    }

    fn first(&self) -> Option<Arc<dyn ChatModel>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let able = state.models.iter().find(|model| model.calls_tools);
        able.map(|model| self.provider.model(&model.config))
    }

    async fn probe(&self, now: Timestamp) {
        let models = match self.ask().await {
            Ok(models) => models,
            Err(error) => {
                tracing::debug!(error = %Chain(&*error), "no local Ollama");
                Vec::new()
            }
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.models != models {
            let names: Vec<_> = models.iter().map(|model| model.config.name.as_str()).collect();
            tracing::info!(?names, "the models of the local Ollama changed");
        }
        *state = Probed { at: Some(now), models };
    }

    async fn ask(&self) -> Result<Vec<Local>, Unsaid> {
        #[derive(Deserialize)]
        struct List {
            #[serde(default)]
            data: Vec<Listed>,
        }
        #[derive(Deserialize)]
        struct Listed {
            id: String,
        }
        let request = self.http.request(Method::GET, &format!("{}/v1/models", self.url));
        let list: List = self.answer(request.timeout(PROBE_TIMEOUT)).await?;
        let asked = list.data.into_iter().map(|model| self.local(model.id));
        Ok(futures::future::join_all(asked).await.into_iter().flatten().collect())
    }

    /// What a model says it can do. One that does not chat is none; one that says nothing may be tried, and is
    /// not chosen by itself.
    async fn local(&self, name: String) -> Option<Local> {
        let said = match self.capabilities(&name).await {
            Ok(said) => said,
            Err(error) => {
                tracing::debug!(model = name, error = %Chain(&*error), "a model does not say what it can do");
                None
            }
        };
        let can = |capability: &str| said.as_ref().map(|said| said.iter().any(|known| known == capability));
        // Embedding models are listed with the others.
        let chats = can("completion").unwrap_or_else(|| !name.contains("embed"));
        let tools = can("tools");
        let config = ModelConfig { name, tools: tools.unwrap_or(true), ..ModelConfig::default() };
        chats.then_some(Local { config, calls_tools: tools.unwrap_or(false) })
    }

    async fn capabilities(&self, name: &str) -> Result<Option<Vec<String>>, Unsaid> {
        #[derive(Deserialize)]
        struct Shown {
            capabilities: Option<Vec<String>>,
        }
        let request = self.http.request(Method::POST, &format!("{}/api/show", self.url));
        let request = request.json(&serde_json::json!({ "model": name }));
        let shown: Shown = self.answer(request.timeout(SHOW_TIMEOUT)).await?;
        Ok(shown.capabilities)
    }

    async fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Unsaid> {
        let answer = request.send().await?;
        if !answer.status().is_success() {
            return Err(format!("it answered {}", answer.status()).into());
        }
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{unasked::unasked, *};
    use crate::config::Secret;

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
