//! A request as it goes over the wire.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::conversation::{self, CacheControl, WireMessage};
use crate::{
    chat::{ChatRequest, Message, ToolChoice},
    config::{ModelConfig, Quirks, Thinking},
    providers::wire::names::Names,
};

/// The output limit, which every request must name, of a model for which none is configured: longer than any answer
/// in a chat, with room for thoughts, which count towards it.
const OUTPUT_LIMIT: u32 = 16_000;

/// The body of `POST /messages`.
#[derive(Serialize)]
pub(super) struct WireRequest<'r> {
    model: &'r str,
    max_tokens: u32,
    stream: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<SystemText<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    messages: Vec<WireMessage<'r>>,
}

#[derive(Serialize)]
struct SystemText<'r> {
    r#type: &'static str,
    text: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct WireTool<'r> {
    name: Cow<'r, str>,
    description: &'r str,
    input_schema: &'r Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

impl<'r> WireRequest<'r> {
    /// `maker` is who made the thoughts that may go back.
    pub(super) fn new(
        request: &'r ChatRequest,
        model: &'r ModelConfig,
        quirks: &Quirks,
        names: &'r Names,
        maker: &str,
    ) -> Self {
        // What is the same in each request stands first (tools, then the system prompt), and is read from the cache
        // up to each breakpoint: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
        let mut tools: Vec<_> = request
            .tools
            .iter()
            .map(|tool| WireTool {
                name: names.wire(&tool.name),
                description: &tool.description,
                input_schema: &tool.parameters,
                cache_control: None,
            })
            .collect();
        if let Some(last) = tools.last_mut() {
            last.cache_control = Some(CacheControl::Ephemeral);
        }
        let leading = request.messages.iter().take_while(|message| matches!(message, Message::System(_)));
        let rest = request.messages.get(leading.clone().count()..).unwrap_or_default();
        let mut system: Vec<_> = leading
            .filter_map(|message| match message {
                Message::System(text) if !text.trim().is_empty() => {
                    Some(SystemText { r#type: "text", text, cache_control: None })
                }
                _ => None,
            })
            .collect();
        if let Some(last) = system.last_mut() {
            last.cache_control = Some(CacheControl::Ephemeral);
        }
        let settings = &request.settings;
        let max_tokens = settings.output_limit(model.max_output_tokens).unwrap_or(OUTPUT_LIMIT);
        let tool_choice = if tools.is_empty() { None } else { choice(request, quirks, names) };
        // A call cannot be required of a model that is told to think.
        let is_forced = matches!(request.tool_choice, ToolChoice::Required(_)) && !tools.is_empty();
        let has_room = |thinking: &Thinking| !matches!(thinking, Thinking::Budget(_)) || max_tokens > 1_024;
        let thinking = model.thinking.filter(|thinking| !is_forced && has_room(thinking));
        let thinks = thinking.is_some_and(|thinking| thinking != Thinking::Off);
        Self {
            model: &model.name,
            max_tokens,
            stream: true,
            system,
            tools,
            tool_choice,
            // Models that think as they see fit are told how much:
            // https://platform.claude.com/docs/en/build-with-claude/effort
            output_config: settings
                .reasoning_effort
                .filter(|_| thinking == Some(Thinking::Adaptive))
                .map(|effort| json!({"effort": effort})),
            // With thoughts it is refused: https://platform.claude.com/docs/en/build-with-claude/extended-thinking
            temperature: settings.temperature.filter(|_| !thinks).map(|asked| asked.min(1.0)),
            thinking: thinking.map(|thinking| match thinking {
                Thinking::Adaptive => json!({"type": "adaptive"}),
                Thinking::Off => json!({"type": "disabled"}),
                Thinking::Budget(tokens) => json!({
                    "type": "enabled",
                    // Refused below 1,024, and unless room is left for the answer.
                    "budget_tokens": tokens.min(max_tokens.saturating_sub(1)).max(1_024),
                }),
            }),
            messages: conversation::messages(rest, names, maker),
        }
    }
}

fn choice(request: &ChatRequest, quirks: &Quirks, names: &Names) -> Option<Value> {
    let mut choice = match &request.tool_choice {
        ToolChoice::Auto => json!({"type": "auto"}),
        ToolChoice::Required(Some(name)) => json!({"type": "tool", "name": names.wire(name)}),
        ToolChoice::Required(None) => json!({"type": "any"}),
    };
    if quirks.parallel_tool_calls == Some(false) {
        choice["disable_parallel_tool_use"] = true.into();
    } else if request.tool_choice == ToolChoice::Auto {
        return None;
    }
    Some(choice)
}
