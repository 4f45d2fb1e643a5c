//! A workspace's own providers, beside those of the installation.

use std::{collections::BTreeMap, sync::Arc};

use super::{Configured, Models, Offered, ProviderCheck, Shared, check};
use crate::{
    config::{ModelConfig, ProviderConfig},
    known,
    providers::Owner,
};

impl Models {
    /// These models and those of a workspace's own providers, which go before a provider of the same name here. No
    /// other workspace has them.
    #[must_use]
    pub fn with_providers(&self, providers: BTreeMap<String, ProviderConfig>) -> Self {
        let (outbound, environment) = (&self.shared.outbound, &self.shared.environment);
        let opened = providers.into_iter().map(|(name, config)| {
            let configured = Configured::new(&name, config, Owner::Workspace, outbound, environment);
            (name, configured)
        });
        let shared = Shared {
            default: None,
            providers: opened.collect(),
            builtin: self.shared.builtin.clone(),
            ollama: None,
            environment: environment.clone(),
            outbound: outbound.clone(),
            beneath: Some(self.clone()),
        };
        Self { shared: Arc::new(shared), choices: Arc::default() }
    }

    /// Whether a provider can be reached and takes the key; `None` where there is none of this name.
    pub async fn check_provider(&self, name: &str) -> Option<ProviderCheck> {
        let configured = self.shared.providers.get(name)?;
        let outcome = check::check(name, configured, None).await;
        Some(ProviderCheck { provider: name.to_owned(), outcome })
    }

    /// What is beneath and is not hidden by a provider of the same name, then the workspace's own.
    pub(super) fn own_and(&self, beneath: Vec<Offered>) -> Vec<Offered> {
        let mut all = beneath;
        all.retain(|offered| !self.shared.providers.contains_key(&offered.provider));
        for (name, configured) in &self.shared.providers {
            // Where no model is named, those that are known of its kind can be chosen.
            let named = configured.models.iter().cloned();
            let known = known::names(configured.kind).filter(|_| configured.models.is_empty());
            for config in named.chain(known.map(ModelConfig::named)) {
                let Ok(model) = configured.model(name, config) else { continue };
                all.push(Offered { provider: name.clone(), model, is_default: false });
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::environment::Environment;
    use kontor_outbound::Outbound;
    use serde_json::json;

    use super::{super::unasked::unasked, *};
    use crate::{Choices, error::ModelError};

    fn installation() -> Models {
        let config = json!({
            "default": "shared/m", "ollama_url": "",
            "providers": {"shared": {"base_url": "http://127.0.0.1:9/v1", "models": [{"name": "m"}]}},
        });
        let config = serde_json::from_value(config).unwrap();
        Models::new(config, &Outbound::default(), unasked(), Environment::system()).unwrap()
    }

    fn own(provider: serde_json::Value) -> BTreeMap<String, ProviderConfig> {
        BTreeMap::from([("own".to_owned(), serde_json::from_value(provider).unwrap())])
    }

    #[tokio::test]
    async fn a_workspace_has_its_own_models_beside_the_installations_and_no_other_has_them() {
        let all = installation();
        let provider = json!({"kind": "mistral", "api_key": "k", "models": [{"name": "small"}]});
        let mine = all.with_providers(own(provider));
        assert_eq!(mine.resolve("own/small").await.unwrap().name(), "own/small");
        assert_eq!(mine.resolve("").await.unwrap().name(), "shared/m");
        let ids: Vec<_> = mine.list().into_iter().map(|info| info.id).collect();
        assert_eq!(ids, ["shared/m", "builtin", "own/small"]);
        assert!(matches!(all.resolve("own/small").await, Err(ModelError::UnknownModel { .. })));
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_with_where_its_admin_can_mend_it() {
        let mine = installation().with_providers(own(json!({"kind": "mistral", "api_key": "k"})));
        for (model, place) in
            [("own/small", "Settings > Models (/settings/models)"), ("shared/m", "in [models]")]
        {
            let model = mine.resolve(model).await.unwrap();
            for error in [
                ModelError::Unauthorized { message: "No.".to_owned() },
                ModelError::Unreachable { source: "closed".into() },
                ModelError::Protocol("it is a web page".to_owned()),
            ] {
                let told = model.problem_of(&error).message;
                assert!(told.contains(place), "{told}");
            }
        }
    }

    #[tokio::test]
    async fn a_workspaces_failures_count_for_no_other_and_outlast_a_change_of_its_choices() {
        let all = installation();
        let [mine, theirs] =
            [0, 1].map(|_| all.with_providers(own(json!({"kind": "mistral", "api_key": "k"}))));
        let fail = async |models: &Models, id: &str| {
            let model = models.resolve(id).await.unwrap();
            for _ in 0..3 {
                let error = ModelError::Unauthorized { message: String::new() };
                model.breaker().unwrap().insist().failed(&error);
            }
        };
        let is_open =
            async |models: &Models, id: &str| models.resolve(id).await.unwrap().breaker().unwrap().is_open();
        fail(&mine, "own/small").await;
        assert!(is_open(&mine, "own/small").await);
        assert!(is_open(&mine.with_choices(Choices::default()), "own/small").await);
        assert!(!is_open(&mine, "own/large").await);
        assert!(!is_open(&theirs, "own/small").await);
        // What is wrong with the installation's own is so for everybody.
        fail(&mine, "shared/m").await;
        assert!(is_open(&theirs, "shared/m").await);
    }

    #[tokio::test]
    async fn an_address_that_a_workspace_chose_is_no_way_into_the_network_of_the_server() {
        let inside = json!({"base_url": "http://127.0.0.1:9/v1", "api_key": "k-1234567890"});
        let check = installation().with_providers(own(inside)).check_provider("own").await.unwrap();
        assert!(matches!(check.outcome, Err(ModelError::Misconfigured { .. })), "{:?}", check.outcome);
    }

    #[tokio::test]
    async fn a_workspaces_provider_is_never_given_a_key_of_the_environment() {
        let keyless = own(json!({"kind": "openai"}));
        let check = installation().with_providers(keyless).check_provider("own").await.unwrap();
        assert!(check.outcome.unwrap_err().to_string().contains("it has no key"));
    }
}
