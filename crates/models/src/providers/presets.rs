//! What is known of each kind of provider, so that its name and a key are all that has to be set.

use serde::{Deserialize, Serialize};

use crate::config::{CallIds, OutputLimit, Quirks, StandIn};

/// A kind of provider, as `kind` in its configuration names it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    Openai,
    Anthropic,
    Gemini,
    Mistral,
    Deepseek,
    Groq,
    Xai,
    Openrouter,
    Azure,
    Ollama,
    Lmstudio,
    Vllm,
    LlamaServer,
    /// Any other server that speaks OpenAI's chat completions.
    OpenaiCompatible,
}

/// In which language a provider is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// OpenAI's chat completions.
    Completions,
    /// Anthropic's messages.
    Messages,
}

/// In which header a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyHeader {
    /// `Authorization: Bearer`.
    Bearer,
    /// The key alone, in a header of this name.
    Named(&'static str),
}

/// Where a provider is told the version of its API that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiVersion {
    /// It stands in the address.
    InPath,
    /// In the query parameter of this name, where one is configured.
    Query(&'static str),
    /// In the header of this name; the second is the version that this program speaks.
    Header(&'static str, &'static str),
}

/// What is known of a kind.
#[derive(Debug, Clone)]
pub(crate) struct Preset {
    pub(crate) label: &'static str,
    /// `None` where each customer has an address of their own.
    pub(crate) base_url: Option<&'static str>,
    /// The environment variable in which the provider's own programs look for the key; `None` where none is needed.
    pub(crate) key_variable: Option<&'static str>,
    pub(crate) wire: Wire,
    pub(crate) key_header: KeyHeader,
    pub(crate) version: ApiVersion,
    pub(crate) quirks: Quirks,
}

impl Preset {
    /// A kind on OpenAI's wire in its plainest form.
    const fn plain(label: &'static str, base_url: &'static str) -> Self {
        Self {
            label,
            base_url: Some(base_url),
            key_variable: None,
            wire: Wire::Completions,
            key_header: KeyHeader::Bearer,
            version: ApiVersion::InPath,
            quirks: Quirks::PLAIN,
        }
    }

    const fn with_key(self, variable: &'static str) -> Self {
        Self { key_variable: Some(variable), ..self }
    }

    const fn with_quirks(self, quirks: Quirks) -> Self {
        Self { quirks, ..self }
    }
}

const NEWER_LIMIT: Quirks = Quirks { output_limit: OutputLimit::MaxCompletionTokens, ..Quirks::PLAIN };

impl ProviderKind {
    /// All of them, the best known first.
    pub const ALL: &[Self] = &[
        Self::Openai,
        Self::Anthropic,
        Self::Gemini,
        Self::Mistral,
        Self::Deepseek,
        Self::Groq,
        Self::Xai,
        Self::Openrouter,
        Self::Azure,
        Self::Ollama,
        Self::Lmstudio,
        Self::Vllm,
        Self::LlamaServer,
        Self::OpenaiCompatible,
    ];

    /// As people call it.
    pub fn label(self) -> &'static str {
        self.preset().label
    }

    /// Where it is reached; `None` where each customer has an address of their own.
    pub fn base_url(self) -> Option<&'static str> {
        self.preset().base_url
    }

    /// Whether it answers nobody without a key.
    pub fn needs_key(self) -> bool {
        self.preset().key_variable.is_some()
    }

    /// Whether an address of it may need to be told a version.
    pub fn takes_version(self) -> bool {
        matches!(self.preset().version, ApiVersion::Query(_))
    }

    /// Whether its servers say with which context window they run a model.
    pub(crate) fn says_window(self) -> bool {
        matches!(self, Self::Ollama | Self::Lmstudio | Self::Vllm | Self::LlamaServer)
    }

    /// The facts, each with where they come from.
    pub(crate) const fn preset(self) -> Preset {
        match self {
            // `max_tokens` is deprecated and refused by reasoning models:
            // https://platform.openai.com/docs/api-reference/chat/create
            Self::Openai => Preset::plain("OpenAI", "https://api.openai.com/v1")
                .with_key("OPENAI_API_KEY")
                .with_quirks(NEWER_LIMIT),
            // https://platform.claude.com/docs/en/api/overview and https://platform.claude.com/docs/en/api/versioning
            Self::Anthropic => Preset {
                wire: Wire::Messages,
                key_header: KeyHeader::Named("x-api-key"),
                version: ApiVersion::Header("anthropic-version", "2023-06-01"),
                ..Preset::plain("Anthropic", "https://api.anthropic.com/v1").with_key("ANTHROPIC_API_KEY")
            },
            // https://ai.google.dev/gemini-api/docs/openai and https://ai.google.dev/gemini-api/docs/thought-signatures
            Self::Gemini => {
                Preset::plain("Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai")
                    .with_key("GEMINI_API_KEY")
                    .with_quirks(Quirks { stand_in: StandIn::ThoughtSignature, ..Quirks::PLAIN })
            }
            // The usage comes unasked with the last chunk, a field that is not known is refused with 422, and the id of
            // a call has nine letters and digits:
            // https://docs.mistral.ai/api/endpoint/chat
            Self::Mistral => Preset::plain("Mistral", "https://api.mistral.ai/v1")
                .with_key("MISTRAL_API_KEY")
                .with_quirks(Quirks { include_usage: false, call_ids: CallIds::Nine, ..Quirks::PLAIN }),
            // https://api-docs.deepseek.com/ and https://api-docs.deepseek.com/guides/thinking_mode
            Self::Deepseek => Preset::plain("DeepSeek", "https://api.deepseek.com/v1")
                .with_key("DEEPSEEK_API_KEY")
                .with_quirks(Quirks { stand_in: StandIn::ReasoningContent, ..Quirks::PLAIN }),
            // `max_tokens` is deprecated: https://console.groq.com/docs/api-reference#chat-create
            Self::Groq => Preset::plain("Groq", "https://api.groq.com/openai/v1")
                .with_key("GROQ_API_KEY")
                .with_quirks(NEWER_LIMIT),
            // `max_tokens` is deprecated: https://docs.x.ai/docs/api-reference#chat-completions
            Self::Xai => {
                Preset::plain("xAI", "https://api.x.ai/v1").with_key("XAI_API_KEY").with_quirks(NEWER_LIMIT)
            }
            // https://openrouter.ai/docs/quickstart
            Self::Openrouter => {
                Preset::plain("OpenRouter", "https://openrouter.ai/api/v1").with_key("OPENROUTER_API_KEY")
            }
            // https://<resource>.openai.azure.com/openai/v1 takes no version, the address of a deployment needs one:
            // https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
            Self::Azure => Preset {
                base_url: None,
                key_header: KeyHeader::Named("api-key"),
                version: ApiVersion::Query("api-version"),
                ..Preset::plain("Azure OpenAI", "").with_key("AZURE_OPENAI_API_KEY").with_quirks(NEWER_LIMIT)
            },
            // https://docs.ollama.com/api/openai-compatibility
            Self::Ollama => Preset::plain("Ollama", "http://127.0.0.1:11434/v1"),
            // https://lmstudio.ai/docs/developer/openai-compat
            Self::Lmstudio => Preset::plain("LM Studio", "http://127.0.0.1:1234/v1"),
            // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
            Self::Vllm => Preset::plain("vLLM", "http://127.0.0.1:8000/v1"),
            // https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
            Self::LlamaServer => Preset::plain("llama-server", "http://127.0.0.1:8080/v1"),
            Self::OpenaiCompatible => {
                Preset { base_url: None, ..Preset::plain("OpenAI-compatible server", "") }
            }
        }
    }
}
