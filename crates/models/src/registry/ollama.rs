//! A local Ollama, found by itself.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use kontor_core::{environment::Environment, error::Chain, time::Timestamp};
use kontor_outbound::{Client, Limits, Outbound, RequestBuilder, Steered};
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    breaker::Breakers,
    chat::ChatModel,
    config::{ModelConfig, ProviderConfig},
    error::ModelError,
    providers::{self, Described, Owner, Provider, ProviderKind},
};

/// The name of its provider.
pub(super) const OLLAMA: &str = "ollama";
const PROBE_TIMEOUT: Duration = Duration::from_millis(400);
/// How long the models of an Ollama that answers may take to say what they can do.
const SHOW_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a local Ollama did not say something; for the log alone.
type Unsaid = Box<dyn std::error::Error + Send + Sync>;

pub(super) struct Ollama {
    url: String,
    http: Client,
    provider: Arc<dyn Provider>,
    breakers: Breakers,
    state: RwLock<Probed>,
    pub(super) probing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Probed {
    at: Option<Timestamp>,
    /// When it was asked for windows alone.
    asked_at: Option<Timestamp>,
    models: Vec<Local>,
}

/// A model of the local Ollama.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Local {
    config: ModelConfig,
    /// As it is loaded, or set to be.
    window: Option<u32>,
    /// Says itself that it can call tools: only such a one is chosen without being asked for.
    calls_tools: bool,
}

/// What `/api/show` says of a model.
#[derive(Default, Deserialize)]
struct Shown {
    capabilities: Option<Vec<String>>,
    parameters: Option<String>,
}

impl Ollama {
    pub(super) fn new(
        url: &str,
        outbound: &Outbound,
        environment: &Environment,
    ) -> Result<Option<Self>, ModelError> {
        let url = url.trim_end_matches('/').to_owned();
        let config = ProviderConfig {
            kind: Some(ProviderKind::Ollama),
            base_url: Some(format!("{url}/v1")),
            ..ProviderConfig::default()
        };
        let provider = providers::open(OLLAMA, &config, Owner::Operator, outbound)?;
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
            breakers: Breakers::new(environment.clone()),
            state: RwLock::default(),
            probing: tokio::sync::Mutex::const_new(()),
        }))
    }

    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.at.is_none_or(|at| now.since(at) >= super::PROBE_AGAIN)
    }

    pub(super) fn models(&self) -> Vec<Arc<dyn ChatModel>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.models.iter().map(|model| self.model(model)).collect()
    }

    pub(super) fn model_named(&self, name: &str) -> Option<Arc<dyn ChatModel>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.models.iter().find(|model| model.config.name == name).map(|model| self.model(model))
    }

    fn model(&self, model: &Local) -> Arc<dyn ChatModel> {
        let Local { config, window, .. } = model.clone();
        let breaker = Some(self.breakers.of(OLLAMA, &config.name));
        self.provider.model(Described { config, window, breaker, ..Described::default() })
    }

    pub(super) fn first(&self) -> Option<Arc<dyn ChatModel>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let able = state.models.iter().find(|model| model.calls_tools);
        able.map(|model| self.model(model))
    }

    pub(super) async fn probe(&self, now: Timestamp) {
        let mut models = match self.ask().await {
            Ok(models) => models,
            Err(error) => {
                tracing::debug!(error = %Chain(&*error), "no local Ollama");
                Vec::new()
            }
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        // It says it of loaded models alone, and loads one again as it did before.
        for model in models.iter_mut().filter(|model| model.window.is_none()) {
            let known = state.models.iter().find(|known| known.config.name == model.config.name);
            model.window = known.and_then(|known| known.window);
        }
        if state.models != models {
            let names: Vec<_> = models.iter().map(|model| model.config.name.as_str()).collect();
            tracing::info!(?names, "the models of the local Ollama changed");
        }
        *state = Probed { at: Some(now), asked_at: Some(now), models };
    }

    /// Whether it did not say how large the window of one of its models is, and was not asked just now: it says it of
    /// those that are loaded, and loads a model with the first question.
    pub(super) fn lacks_window(&self, name: &str, now: Timestamp) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let lacks = |model: &Local| model.config.name == name && model.window.is_none();
        state.models.iter().any(lacks) && state.asked_at.is_none_or(|at| now.since(at) >= super::PROBE_SOON)
    }

    /// Asks with which windows models are loaded.
    pub(super) async fn ask_windows(&self, now: Timestamp) {
        let windows = tokio::time::timeout(PROBE_TIMEOUT, self.provider.windows(&[])).await;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.asked_at = Some(now);
        if let Ok(Ok(windows)) = windows {
            for model in &mut state.models {
                model.window = windows.get(&model.config.name).copied().or(model.window);
            }
        }
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
        let mut models: Vec<Local> = futures::future::join_all(asked).await.into_iter().flatten().collect();
        let windows = tokio::time::timeout(SHOW_TIMEOUT, self.provider.windows(&[])).await;
        if let Ok(Ok(windows)) = windows {
            for model in &mut models {
                model.window = windows.get(&model.config.name).copied().or(model.window);
            }
        }
        Ok(models)
    }

    /// What a model says it can do. One that does not chat is none; one that says nothing may be tried, and is
    /// not chosen by itself.
    async fn local(&self, name: String) -> Option<Local> {
        let shown = match self.show(&name).await {
            Ok(shown) => shown,
            Err(error) => {
                tracing::debug!(model = name, error = %Chain(&*error), "a model does not say what it can do");
                Shown::default()
            }
        };
        let said = shown.capabilities.as_ref();
        let can = |capability: &str| said.map(|said| said.iter().any(|known| known == capability));
        // Embedding models are listed with the others.
        let chats = can("completion").unwrap_or_else(|| !name.contains("embed"));
        let tools = can("tools");
        let config = ModelConfig { name, tools: tools.unwrap_or(true), ..ModelConfig::default() };
        let window = shown.parameters.as_deref().and_then(providers::window_set_by_hand);
        chats.then_some(Local { config, window, calls_tools: tools.unwrap_or(false) })
    }

    async fn show(&self, name: &str) -> Result<Shown, Unsaid> {
        let request = self.http.request(Method::POST, &format!("{}/api/show", self.url));
        let request = request.json(&serde_json::json!({ "model": name }));
        self.answer(request.timeout(SHOW_TIMEOUT)).await
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
    use futures::StreamExt as _;
    use kontor_core::environment::{Environment, ManualClock, SystemRandom};
    use kontor_outbound::Outbound;
    use kontor_testkit::scripted::{Script, ScriptedModel};

    use super::{super::unasked::unasked, *};
    use crate::{ChatRequest, Message, Models, ModelsConfig, ToolDefinition};

    #[tokio::test]
    async fn the_window_with_which_a_model_was_loaded_is_known_with_the_next_question() {
        let server = ScriptedModel::loading(4_096).await.unwrap();
        server.push(Script::new().text("Hello."));
        let clock = Arc::new(ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap()));
        let environment = Environment::new(clock.clone(), Arc::new(SystemRandom));
        let config =
            ModelsConfig { ollama_url: format!("http://{}", server.address()), ..ModelsConfig::default() };
        let models = Models::new(config, &Outbound::default(), unasked(), environment).unwrap();
        let window = async |id: &str| models.resolve(id).await.unwrap().capabilities().context_window;
        assert_eq!(window("").await, None, "nobody knows before it is loaded");

        let request = ChatRequest::new([Message::User("hello".into())], Vec::<ToolDefinition>::new());
        let said: Vec<_> = models.resolve("").await.unwrap().stream(request).collect().await;
        assert!(said.iter().all(Result::is_ok), "{said:?}");
        clock.advance(super::super::PROBE_SOON);
        assert_eq!(window("ollama/scripted").await, Some(4_096));
        assert_eq!(window("").await, Some(4_096));

        server.unload();
        clock.advance(super::super::PROBE_AGAIN);
        assert_eq!(window("").await, Some(4_096), "it is loaded as it was");
    }
}
