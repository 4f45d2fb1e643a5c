//! The `[models]` section of the configuration.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Deserializer};

use crate::{
    known::{LongPrompt, Price},
    providers::ProviderKind,
};

/// A text that is shown nowhere: neither `Debug` nor an error reveals it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Which models there are.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelsConfig {
    /// The id of the default model (`openai/gpt-5`); without it a local Ollama, without that `builtin`.
    pub default: Option<String>,
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Where a local Ollama is looked for; an empty text looks for none.
    pub ollama_url: String,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self { default: None, providers: BTreeMap::new(), ollama_url: "http://127.0.0.1:11434".to_owned() }
    }
}

/// How one provider is reached: what its [kind](ProviderKind) knows, and what is set otherwise here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderConfig {
    /// Without one, OpenAI, or with a `base_url` any server that speaks OpenAI's wire.
    pub kind: Option<ProviderKind>,
    /// Up to and including the version: `https://api.openai.com/v1`.
    pub base_url: Option<String>,
    pub api_key: Option<Secret>,
    /// The environment variable that holds the key, where `api_key` does not.
    pub api_key_env: Option<String>,
    /// The version of the API, where a provider asks for it beside the address: Azure's `api-version`, Anthropic's
    /// `anthropic-version`.
    pub api_version: Option<String>,
    /// The models offered; where none is named, any name is passed on to the provider.
    pub models: Vec<ModelConfig>,
    /// Sent with every request; the values are kept secret.
    pub headers: BTreeMap<String, Secret>,
    pub quirks: QuirkSettings,
    pub timeouts: Timeouts,
}

impl ProviderConfig {
    /// Which kind it is, given or not.
    pub fn kind(&self) -> ProviderKind {
        self.kind.unwrap_or(match self.base_url {
            Some(_) => ProviderKind::OpenaiCompatible,
            None => ProviderKind::Openai,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    pub name: String,
    /// Whether it can call tools; one that cannot is sent none.
    pub tools: bool,
    pub context_window: Option<u32>,
    pub max_output_tokens: Option<u32>,
    /// Whether Anthropic's models are told to think; without a word they do what each does by itself.
    pub thinking: Option<Thinking>,
    /// What its tokens cost, in US dollars for a million, where that is not known or other than known.
    pub price: Option<Price>,
    pub long_prompt: Option<LongPrompt>,
}

impl ModelConfig {
    /// A model of which nothing but its name is set.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            tools: true,
            context_window: None,
            max_output_tokens: None,
            thinking: None,
            price: None,
            long_prompt: None,
        }
    }
}

/// How a model is told to think: `"adaptive"`, `"off"` or `{ budget = 4000 }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    /// As much as it sees fit.
    Adaptive,
    Off,
    /// With so many tokens, which older models ask for.
    Budget(u32),
}

/// Where a server departs from OpenAI's wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quirks {
    /// Ask for the usage at the end of the stream; some servers refuse the option.
    pub include_usage: bool,
    /// Send the named form of `tool_choice`. Where it is not understood (llama-server takes it for `auto`),
    /// `required` is sent with that one tool instead.
    pub named_tool_choice: bool,
    /// The name of the output limit.
    pub output_limit: OutputLimit,
    /// Have an answer between the results of a turn that ended early and the next question as well; between two
    /// questions there is always one, and system messages are always one.
    pub strict_sequence: bool,
    /// What the ids of calls look like.
    pub call_ids: CallIds,
    /// Send null as the content of an answer that is calls alone, in place of an empty text.
    pub null_content: bool,
    /// The value sent as `parallel_tool_calls`; nothing is sent without one.
    pub parallel_tool_calls: Option<bool>,
    /// Send back what came with an answer, such as `reasoning_content`, `reasoning_details` and thought signatures,
    /// which the models that made it ask for; some servers refuse it.
    pub return_thoughts: bool,
    /// What is sent with calls that another model, or none, made, where the server refuses calls without it.
    pub stand_in: StandIn,
    /// Send the temperature that is asked for; models that think refuse it.
    pub temperature: bool,
    /// Send how much is to be thought; models that do not think refuse it.
    pub reasoning_effort: bool,
}

impl Quirks {
    /// What every server understands.
    pub const PLAIN: Self = Self {
        include_usage: true,
        // OpenAI understands both forms, so the one that every server understands is the default.
        named_tool_choice: false,
        output_limit: OutputLimit::MaxTokens,
        strict_sequence: false,
        call_ids: CallIds::Short,
        null_content: false,
        parallel_tool_calls: None,
        return_thoughts: true,
        stand_in: StandIn::None,
        temperature: true,
        reasoning_effort: true,
    };
}

impl Default for Quirks {
    fn default() -> Self {
        Self::PLAIN
    }
}

/// The quirks that are set by hand; the others are those of the provider's kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuirkSettings {
    pub include_usage: Option<bool>,
    pub named_tool_choice: Option<bool>,
    pub output_limit: Option<OutputLimit>,
    pub strict_sequence: Option<bool>,
    pub call_ids: Option<CallIds>,
    pub null_content: Option<bool>,
    pub parallel_tool_calls: Option<bool>,
    pub return_thoughts: Option<bool>,
    pub stand_in: Option<StandIn>,
}

impl QuirkSettings {
    pub(crate) fn over(&self, kind: &Quirks) -> Quirks {
        Quirks {
            include_usage: self.include_usage.unwrap_or(kind.include_usage),
            named_tool_choice: self.named_tool_choice.unwrap_or(kind.named_tool_choice),
            output_limit: self.output_limit.unwrap_or(kind.output_limit),
            strict_sequence: self.strict_sequence.unwrap_or(kind.strict_sequence),
            call_ids: self.call_ids.unwrap_or(kind.call_ids),
            null_content: self.null_content.unwrap_or(kind.null_content),
            parallel_tool_calls: self.parallel_tool_calls.or(kind.parallel_tool_calls),
            return_thoughts: self.return_thoughts.unwrap_or(kind.return_thoughts),
            stand_in: self.stand_in.unwrap_or(kind.stand_in),
            temperature: kind.temperature,
            reasoning_effort: kind.reasoning_effort,
        }
    }
}

/// The ids of calls that a server takes. One that it made itself goes back as it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallIds {
    /// At most forty characters, as OpenAI's.
    #[default]
    Short,
    /// At most forty letters, digits, `_` and `-`, as Anthropic's.
    Word,
    /// Nine letters and digits, as Mistral's.
    Nine,
}

/// What stands in for the thoughts of a model that had none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandIn {
    #[default]
    None,
    /// An empty thought, for DeepSeek and Moonshot.
    ReasoningContent,
    /// The signature that Google takes for none.
    ThoughtSignature,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputLimit {
    #[default]
    MaxTokens,
    /// What OpenAI's reasoning models ask for.
    MaxCompletionTokens,
}

/// How long each wait may take; in the configuration, seconds.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    #[serde(deserialize_with = "seconds")]
    pub connect: Duration,
    /// From the request to the first sign of life. A model on the machine itself reads a long prompt for minutes
    /// before it says anything.
    #[serde(deserialize_with = "seconds")]
    pub first_token: Duration,
    /// Between two pieces of the answer.
    #[serde(deserialize_with = "seconds")]
    pub idle: Duration,
    #[serde(deserialize_with = "seconds")]
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_token: Duration::from_secs(180),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(600),
        }
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_described_by_what_differs_from_the_default() {
        let config: ModelsConfig = serde_json::from_value(serde_json::json!({
            "default": "local/qwen",
            "providers": {"local": {
                "base_url": "http://127.0.0.1:8080/v1",
                "api_key": "sk-1",
                "models": [{"name": "qwen", "context_window": 8192}],
                "quirks": {"include_usage": false},
                "timeouts": {"idle": 2.5},
            }},
        }))
        .unwrap();
        let local = &config.providers["local"];
        assert_eq!(local.timeouts.idle, Duration::from_millis(2_500));
        assert_eq!(local.timeouts.connect, Duration::from_secs(5));
        assert_eq!(local.quirks.include_usage, Some(false));
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let config = ProviderConfig {
            api_key: Some(Secret::new("sk-very-secret")),
            headers: BTreeMap::from([("x-key".to_owned(), Secret::new("also-secret"))]),
            ..ProviderConfig::default()
        };
        let shown = format!("{config:?}");
        assert!(!shown.contains("very-secret") && !shown.contains("also-secret"), "{shown}");
    }
}
