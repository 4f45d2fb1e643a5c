//! Chat models: what a model is asked and answers, and the providers that reach one. The command interpreter that
//! needs no provider is a crate of its own; here it is one more [`ChatModel`].
//!
//! A model sees a [`ChatRequest`] (messages, tool schemas and, for the built-in one, the scene) and answers with a
//! stream of [`Delta`]s. This crate knows wires and nothing of records, sessions or turns; it never runs a tool and
//! never reads a database. API keys stay in here: they appear in no `Debug`, log or error.
//!
//! | module | holds |
//! |---|---|
//! | [`chat`] | the [`ChatModel`] trait, requests, messages, tool calls, deltas |
//! | [`scene`] | what is known of the moment of a request, as values |
//! | [`breaker`] | models that failed several times in a row are left alone for a while |
//! | `calls` | tool calls put together from their pieces |
//! | [`assembler`] | deltas folded into a completed step |
//! | [`error`] | what can go wrong with a model, and which of it is worth a retry |
//! | [`retry`] | backoff before the first delta, and one count of requests for an answer |
//! | [`known`] | what is known of well-known models: windows, capabilities, prices |
//! | `cost` | what an answer costs |
//! | [`config`] | the `[models]` section of the configuration, secrets |
//! | [`registry`] | [`Models`]: ids to models, the default, a local Ollama found by itself |
//! | [`providers`] | what a provider is, what is known of each kind, and a folder for each wire |
//! | [`surface`] | what a language model is shown of an agent's operations, and what its calls mean |
//! | [`tokens`] | how many tokens a text is, about |

pub mod assembler;
pub mod breaker;
mod calls;
pub mod chat;
pub mod config;
mod cost;
pub mod error;
pub mod known;
pub mod providers;
pub mod registry;
pub mod retry;
pub mod scene;
pub mod surface;
pub mod tokens;

pub use assembler::{Assembler, CompletedStep, Taken};
pub use breaker::{Breaker, Pass};
pub use chat::{
    Capabilities, Carried, ChatModel, ChatRequest, Delta, DeltaStream, FinishReason, Message, Opaque,
    ReasoningEffort, RequestSettings, ToolCall, ToolChoice, ToolDefinition, Usage,
};
pub use config::{ModelsConfig, ProviderConfig, Secret};
pub use error::{ModelError, Wait};
pub use known::{LongPrompt, Price, Pricing, Rate};
pub use providers::{Owner, ProviderKind};
pub use registry::{
    Choices, DEFAULT, FAST, ModelInfo, ModelOverride, ModelSettings, Models, ProviderCheck, SMART,
};
pub use retry::{RetryPolicy, Tries, read_whole, with_retries};
pub use scene::{Colleague, Definitions, OfferedOperation, RecordInView, Scene, SceneMember};
