//! A configured provider, and with which context windows its server runs its models.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use kontor_core::{environment::Environment, error::Chain, time::Timestamp};
use kontor_outbound::Outbound;

use super::{PROBE_AGAIN, PROBE_SOON};
use crate::{
    breaker::Breakers,
    chat::ChatModel,
    config::{ModelConfig, ProviderConfig},
    error::ModelError,
    known::Facts,
    providers::{self, Described, Owner, Provider, ProviderKind, Windows},
};

/// How long a server may take to say with which windows it runs its models.
const TIMEOUT: Duration = Duration::from_secs(1);

pub(super) struct Configured {
    /// A provider that cannot be used says so when it is asked for, and does not keep the others away.
    pub(super) provider: Result<Arc<dyn Provider>, String>,
    pub(super) kind: ProviderKind,
    pub(super) models: Vec<ModelConfig>,
    breakers: Breakers,
    told: RwLock<Told>,
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Told {
    at: Option<Timestamp>,
    windows: Windows,
}

impl Configured {
    pub(super) fn new(
        name: &str,
        config: ProviderConfig,
        owner: Owner,
        outbound: &Outbound,
        environment: &Environment,
    ) -> Self {
        let provider = providers::open(name, &config, owner, outbound).map_err(|error| match error {
            ModelError::Misconfigured { message, .. } => message,
            other => other.to_string(),
        });
        Self {
            provider,
            kind: config.kind(),
            models: config.models,
            breakers: Breakers::new(environment.clone()),
            told: RwLock::default(),
            asking: tokio::sync::Mutex::const_new(()),
        }
    }

    /// The provider, named `name`, where it can be used.
    pub(super) fn provider(&self, name: &str) -> Result<&dyn Provider, ModelError> {
        self.provider.as_deref().map_err(|message| ModelError::Misconfigured {
            provider: name.to_owned(),
            message: message.clone(),
        })
    }

    /// The model of a name; `None` where other models are listed than this one.
    pub(super) fn find(&self, provider: &str, name: &str) -> Option<Result<Arc<dyn ChatModel>, ModelError>> {
        let listed = self.models.iter().find(|model| model.name == name);
        let any = || (self.models.is_empty() && !name.is_empty()).then(|| ModelConfig::named(name));
        let config = listed.cloned().or_else(any)?;
        let breaker = self.breakers.of(provider, name);
        let described = Described { breaker: Some(breaker), ..self.described(config) };
        Some(self.provider(provider).map(|provider| provider.model(described)))
    }

    /// A model to be told of.
    pub(super) fn model(
        &self,
        provider: &str,
        config: ModelConfig,
    ) -> Result<Arc<dyn ChatModel>, ModelError> {
        Ok(self.provider(provider)?.model(self.described(config)))
    }

    fn described(&self, config: ModelConfig) -> Described {
        let facts = Facts::of(self.kind, &config.name);
        let told = self.told.read().unwrap_or_else(PoisonError::into_inner);
        let window = told.windows.get(&config.name).or_else(|| told.windows.get("")).copied();
        Described { config, window, facts, breaker: None }
    }

    /// Asks the server with which windows it runs its models, where its kind says it and it was not asked lately;
    /// sooner where it did not say it of the one that is `wanted`, as a server does that loads a model when it is used.
    pub(super) async fn ask_when_stale(&self, wanted: Option<&str>, now: Timestamp) {
        let is_stale = {
            let told = self.told.read().unwrap_or_else(PoisonError::into_inner);
            let is_told = |name| told.windows.contains_key(name) || told.windows.contains_key("");
            let again = if wanted.is_none_or(is_told) { PROBE_AGAIN } else { PROBE_SOON };
            told.at.is_none_or(|at| now.since(at) >= again)
        };
        let Ok(provider) = &self.provider else { return };
        if !self.kind.says_window() || !is_stale {
            return;
        }
        // Whoever comes while one is asking goes on with what is known.
        let Ok(_asking) = self.asking.try_lock() else { return };
        let listed = self.models.iter().map(|model| model.name.as_str());
        let other = wanted.filter(|wanted| self.models.iter().all(|model| model.name != *wanted));
        let names: Vec<_> = listed.chain(other).collect();
        let windows = match tokio::time::timeout(TIMEOUT, provider.windows(&names)).await {
            Ok(Ok(windows)) => Some(windows),
            Ok(Err(error)) => {
                tracing::debug!(error = %Chain(&error), "a server does not say its context window");
                None
            }
            Err(_) => None,
        };
        let mut told = self.told.write().unwrap_or_else(PoisonError::into_inner);
        told.at = Some(now);
        // A server that unloads a model does not say its window any more, and loads it again as it did before.
        told.windows.extend(windows.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use kontor_core::environment::{ManualClock, SystemRandom};
    use kontor_testkit::scripted::{Script, ScriptedModel};

    use super::*;
    use crate::{ChatRequest, Message, ToolDefinition};

    #[tokio::test]
    async fn the_window_of_a_model_that_was_unloaded_stays_known() {
        let server = ScriptedModel::loading(4_096).await.unwrap();
        server.push(Script::new().text("Hello."));
        let start: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let environment = Environment::new(Arc::new(ManualClock::at(start)), Arc::new(SystemRandom));
        let config = ProviderConfig {
            kind: Some(ProviderKind::Ollama),
            base_url: Some(format!("http://{}/v1", server.address())),
            ..ProviderConfig::default()
        };
        let configured =
            Configured::new("local", config, Owner::Operator, &Outbound::default(), &environment);
        let model = || configured.find("local", "scripted").unwrap().unwrap();
        let request = ChatRequest::new([Message::User("hello".into())], Vec::<ToolDefinition>::new());
        let said: Vec<_> = model().stream(request).collect().await;
        assert!(said.iter().all(Result::is_ok), "{said:?}");
        configured.ask_when_stale(Some("scripted"), start).await;
        assert_eq!(model().capabilities().context_window, Some(4_096));

        server.unload();
        configured.ask_when_stale(Some("scripted"), start.plus(PROBE_AGAIN)).await;
        assert_eq!(model().capabilities().context_window, Some(4_096), "it is loaded as it was");
    }
}
