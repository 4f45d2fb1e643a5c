//! What a workspace sets of its models: which it uses, and what it knows of them otherwise.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Models;
use crate::{
    chat::ChatModel,
    known::{LongPrompt, Price},
};

/// The name under which an agent asks for the workspace's fast model.
pub const FAST: &str = "fast";
/// The name under which an agent asks for the workspace's smart model.
pub const SMART: &str = "smart";
/// The name under which an agent asks for the default model.
pub const DEFAULT: &str = "default";

/// Which models the agents of a workspace use. Models are named by their ids, such as `openai/gpt-5.5` and `builtin`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// The model of agents that name `fast`; without one it is the default model.
    pub fast: Option<String>,
    /// The model of agents that name `smart`; without one it is the default model.
    pub smart: Option<String>,
    /// Asked in this order where an agent's own model cannot be reached, limits the rate of requests or refuses the
    /// key.
    pub fallbacks: Vec<String>,
}

/// What a workspace knows of a model, in the place of what is known of it otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelOverride {
    /// Tokens of input and output together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// In the place of the price, where the prompt is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_prompt: Option<LongPrompt>,
}

/// All that a workspace has set of its models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    pub settings: ModelSettings,
    /// By the model's id.
    pub overrides: BTreeMap<String, ModelOverride>,
}

impl Choices {
    /// The models that are named.
    pub(super) fn named(&self) -> impl Iterator<Item = &str> {
        let ModelSettings { fast, smart, fallbacks } = &self.settings;
        let used = fast.iter().chain(smart).chain(fallbacks);
        used.chain(self.overrides.keys()).map(String::as_str)
    }
}

impl Models {
    /// The same models as a workspace has set them.
    #[must_use]
    pub fn with_choices(&self, choices: Choices) -> Self {
        Self { shared: self.shared.clone(), choices: Arc::new(choices) }
    }

    /// The models that are asked where another cannot answer.
    pub fn fallbacks(&self) -> &[String] {
        &self.choices.settings.fallbacks
    }

    /// The id of the model that a name stands for, as far as is known now.
    pub fn id_of(&self, name: &str) -> String {
        let default = || self.offered().into_iter().find(|offered| offered.is_default);
        match self.meant(name) {
            Some(id) => id.to_owned(),
            None => default().map_or_else(|| DEFAULT.to_owned(), |default| default.model.name().to_owned()),
        }
    }

    /// The id that a name stands for; `None` for the default model.
    pub fn meant<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        match name {
            "" | DEFAULT => None,
            FAST => self.choices.settings.fast.as_deref(),
            SMART => self.choices.settings.smart.as_deref(),
            id => Some(id),
        }
    }

    /// A model with what the workspace knows of it.
    pub(super) fn as_set(&self, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        let set = self.choices.overrides.get(model.name());
        set.and_then(|set| model.known_otherwise(set)).unwrap_or(model)
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::environment::Environment;
    use kontor_outbound::Outbound;
    use serde_json::json;

    use super::{super::unasked::unasked, *};
    use crate::{Pricing, Rate};

    fn installation() -> Models {
        let config = json!({
            "default": "shared/m", "ollama_url": "",
            "providers": {
                "shared": {"base_url": "http://127.0.0.1:9/v1", "models": [{"name": "m", "context_window": 8192}]},
                "any": {"base_url": "http://127.0.0.1:9/v1"},
            },
        });
        let config = serde_json::from_value(config).unwrap();
        Models::new(config, &Outbound::default(), unasked(), Environment::system()).unwrap()
    }

    fn settings(value: serde_json::Value) -> Choices {
        Choices { settings: serde_json::from_value(value).unwrap(), ..Choices::default() }
    }

    #[tokio::test]
    async fn fast_and_smart_are_what_the_workspace_set_and_else_the_default() {
        let unset = installation();
        let set = unset.with_choices(settings(json!({"fast": "any/small", "fallbacks": ["builtin"]})));
        for (models, name, expected) in [
            (&unset, "fast", "shared/m"),
            (&unset, "smart", "shared/m"),
            (&set, "fast", "any/small"),
            (&set, "smart", "shared/m"),
            (&set, "default", "shared/m"),
            (&set, "", "shared/m"),
            (&set, "any/other", "any/other"),
        ] {
            assert_eq!(models.resolve(name).await.unwrap().name(), expected, "{name}");
            assert_eq!(models.id_of(name), expected);
        }
        assert_eq!(set.fallbacks(), ["builtin"]);
        let ids: Vec<_> = set.list().into_iter().map(|info| info.id).collect();
        assert_eq!(ids, ["shared/m", "builtin", "any/small"], "what is used is listed");
    }

    #[tokio::test]
    async fn what_a_workspace_knows_of_a_model_goes_before_what_is_known() {
        let price = Price { input: Rate(5), cached_input: None, cache_write: None, output: Rate(6) };
        let known = ModelOverride { context_window: Some(4_096), price: Some(price), ..Default::default() };
        let overrides = BTreeMap::from([("shared/m".to_owned(), known)]);
        let models = installation().with_choices(Choices { overrides, ..Choices::default() });
        for name in ["shared/m", "", "smart"] {
            let model = models.resolve(name).await.unwrap();
            assert_eq!(model.capabilities().context_window, Some(4_096), "{name}");
            assert_eq!(model.pricing(), Some(Pricing { price, long_prompt: None }), "{name}");
        }
        let listed = &models.list()[0];
        assert_eq!((listed.capabilities.context_window, listed.is_overridden), (Some(4_096), true));
        assert!(!models.list()[1].is_overridden);
        let plain = installation().resolve("shared/m").await.unwrap();
        assert_eq!(plain.capabilities().context_window, Some(8_192));
    }
}
