//! What a model is asked and what it answers, whatever wire carries it.

use std::sync::Arc;

use futures::stream::BoxStream;
use kontor_core::error::{Fault as _, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{breaker::Breaker, error::ModelError, known::Pricing, registry::ModelOverride, scene::Scene};

/// The answer of a model as it arrives. [`Delta::Finish`] is the last item of a whole answer; an error ends
/// the stream.
pub type DeltaStream = BoxStream<'static, Result<Delta, ModelError>>;

/// A chat model behind whatever wire.
pub trait ChatModel: Send + Sync {
    /// The id under which the registry knows it: `builtin`, `openai/gpt-5`.
    fn name(&self) -> &str;

    fn capabilities(&self) -> Capabilities;

    /// What its tokens cost, as far as is known.
    fn pricing(&self) -> Option<Pricing> {
        None
    }

    /// The same model with what a workspace knows of it; `None` where nothing of it can be known otherwise.
    fn known_otherwise(&self, _: &ModelOverride) -> Option<Arc<dyn ChatModel>> {
        None
    }

    /// How it fares; `None` for one that does not fail.
    fn breaker(&self) -> Option<&Arc<Breaker>> {
        None
    }

    /// What a person is told of an error of it, with where it can be mended.
    fn problem_of(&self, error: &ModelError) -> Problem {
        error.problem()
    }

    /// Asks the model. Nothing happens before the stream is polled; dropping it ends the request.
    fn stream(&self, request: ChatRequest) -> DeltaStream;
}

/// What a model can do, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Capabilities {
    /// False for `builtin`, which interprets commands and understands no language.
    pub language: bool,
    pub tools: bool,
    /// Several tool calls in one step.
    pub parallel_tool_calls: bool,
    /// Tokens of input and output together.
    pub context_window: Option<u32>,
    pub max_output_tokens: Option<u32>,
    /// It can think before it answers.
    pub thinking: bool,
    /// It can look at images, which no conversation holds yet.
    pub vision: bool,
}

impl Capabilities {
    /// A language model that calls tools, of which nothing else is known.
    pub const LANGUAGE: Self = Self {
        language: true,
        tools: true,
        parallel_tool_calls: true,
        context_window: None,
        max_output_tokens: None,
        thinking: false,
        vision: false,
    };

    /// An interpreter of commands, which understands no language.
    pub const COMMANDS: Self = Self { language: false, ..Self::LANGUAGE };
}

/// One question to a model. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct ChatRequest {
    pub messages: Arc<[Message]>,
    /// Shared between requests where possible: a provider keeps the encoded form of the same `Arc`.
    pub tools: Arc<[ToolDefinition]>,
    pub tool_choice: ToolChoice,
    pub settings: RequestSettings,
    /// The moment, for the model that reads no prompt. `None` where nobody is acted for, as in a check of a provider.
    pub scene: Option<Arc<Scene>>,
}

impl ChatRequest {
    /// A request with the model's own defaults and without a scene.
    pub fn new(messages: impl Into<Arc<[Message]>>, tools: impl Into<Arc<[ToolDefinition]>>) -> Self {
        let (messages, tools) = (messages.into(), tools.into());
        let (tool_choice, settings) = (ToolChoice::Auto, RequestSettings::default());
        Self { messages, tools, tool_choice, settings, scene: None }
    }

    /// The same request with settings of its own.
    #[must_use]
    pub fn with_settings(mut self, settings: RequestSettings) -> Self {
        self.settings = settings;
        self
    }

    /// The same request in a scene.
    #[must_use]
    pub fn in_scene(mut self, scene: Arc<Scene>) -> Self {
        self.scene = Some(scene);
        self
    }
}

/// How a model is asked, where that is not by its own defaults. What a model does not know of is left out.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestSettings {
    /// From 0, where the likeliest is said, to 2; models that know no more than 1 are asked for 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Tokens of the longest answer, where the model's own longest is not shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// How much is thought before an answer, by models that think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<ReasoningEffort>,
}

impl RequestSettings {
    /// The longest answer of a model that has this longest one of its own.
    pub fn output_limit(&self, of_model: Option<u32>) -> Option<u32> {
        match (self.max_output_tokens, of_model) {
            (Some(asked), Some(longest)) => Some(asked.min(longest)),
            (asked, longest) => asked.or(longest),
        }
    }
}

/// How much a model thinks before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningEffort {
    Low,
    Medium,
    High,
}

impl ReasoningEffort {
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// As it is written in JSON and on the wires.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Whether the model may or must call a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    #[default]
    Auto,
    /// Some tool must be called; this one, where one is named.
    Required(Option<String>),
}

/// What was said before, each text shared: a conversation is told anew at every step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    System(Arc<str>),
    User(Arc<str>),
    Assistant {
        text: Arc<str>,
        tool_calls: Vec<ToolCall>,
        /// What goes back with it.
        carried: Option<Arc<Carried>>,
    },
    /// The result of the call with this id.
    Tool {
        call_id: String,
        name: String,
        content: Arc<str>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// The raw text as the model wrote it; it may not be JSON.
    pub arguments: String,
    /// What came with the call and goes back with it, such as a thought signature: for the maker that the
    /// [`Carried`] of its message names, and for nobody where that is absent.
    pub extra: Option<Opaque>,
}

/// What came with an answer and goes back with it for the rest of the conversation, such as signed thoughts: the
/// provider that made it refuses the conversation without it, and others refuse it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The wire, the provider and the model that made it, in words of the wire's own; a wire gives back what it made
    /// itself.
    pub by: Arc<str>,
    /// What belongs to the answer as a whole; `{}` where all of it belongs to its calls.
    pub value: Opaque,
}

/// JSON whose meaning its provider alone knows, as the text it was written as: what is sent later, from memory or
/// from a log, is the same byte for byte. Cloning is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Opaque(Arc<str>);

impl Opaque {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value that was written; null where a log was damaged and it is none.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl From<&Value> for Opaque {
    fn from(value: &Value) -> Self {
        Self(value.to_string().into())
    }
}

/// The text as it stands in a log.
impl From<Arc<str>> for Opaque {
    fn from(text: Arc<str>) -> Self {
        Self(text)
    }
}

impl From<Opaque> for Arc<str> {
    fn from(opaque: Opaque) -> Self {
        opaque.0
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ToolDefinition {
    /// The operation's own name (`deal.update`); a provider with a narrower alphabet maps it both ways.
    pub name: String,
    pub description: String,
    /// The JSON Schema of the arguments: an object.
    pub parameters: Arc<Value>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delta {
    Text(String),
    Reasoning(String),
    /// A piece of the call at `index`: its id and name come with its first piece, its arguments in pieces.
    ToolCall {
        index: u32,
        id: Option<String>,
        name: Option<String>,
        arguments: String,
        /// Comes with any piece, as an object; members that come again replace what they were.
        extra: Option<Map<String, Value>>,
    },
    /// What goes back with the answer, once and before [`Delta::Finish`], where anything of the answer or of its
    /// calls does.
    Carried(Carried),
    /// The usage of the whole answer; a later one replaces an earlier one.
    Usage(Usage),
    Finish(FinishReason),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// The part of the input that the provider had cached.
    pub cached_input_tokens: u64,
    /// The part of the input that the provider wrote to its cache, where it charges for that.
    #[serde(default)]
    pub cache_write_tokens: u64,
    /// The part of the output that was thought and not said, where the provider tells it apart.
    #[serde(default)]
    pub reasoning_tokens: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    Stop,
    Length,
    ToolCalls,
    ContentFilter,
    /// A word this version does not know, as the provider sent it.
    Other(String),
}

impl From<&str> for FinishReason {
    fn from(word: &str) -> Self {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "stop" | "end_turn" | "eos" | "eos_token" | "stop_sequence" | "complete" | "completed" => {
                Self::Stop
            }
            "tool_calls" | "tool_call" | "function_call" | "function_calls" | "tool_use" => Self::ToolCalls,
            "content_filter"
            | "safety"
            | "recitation"
            | "blocklist"
            | "prohibited_content"
            | "spii"
            | "sensitive"
            | "refusal"
            | "error_toxic"
            | "guardrail_intervened"
            | "content_filtered" => Self::ContentFilter,
            "max_tokens" | "max_output_tokens" | "token_limit" => Self::Length,
            // `model_length`, `context_length_exceeded`, `model_context_window_exceeded`.
            long if long.contains("length") || long.contains("window") => Self::Length,
            _ => Self::Other(word.to_owned()),
        }
    }
}
