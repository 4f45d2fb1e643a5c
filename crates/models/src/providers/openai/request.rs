//! A request as it goes over the wire.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{json, value::RawValue};

use super::messages::{Recipient, WireMessage};
use crate::{
    chat::{ChatRequest, ReasoningEffort, ToolChoice, ToolDefinition},
    config::{ModelConfig, OutputLimit, Quirks},
    error::ModelError,
    providers::wire::names::Names,
};

/// The tools of a request, encoded once.
pub(crate) struct EncodedTools {
    pub(crate) names: Names,
    /// All of them; `None` where there are none, because an empty list is refused by some servers.
    json: Option<Arc<RawValue>>,
}

impl EncodedTools {
    pub(crate) fn new(tools: &[ToolDefinition]) -> Result<Self, ModelError> {
        let names = Names::new(tools.iter().map(|tool| tool.name.as_str()));
        let json = if tools.is_empty() { None } else { Some(encode(&names, tools)?) };
        Ok(Self { names, json })
    }
}

fn encode<'t>(
    names: &Names,
    tools: impl IntoIterator<Item = &'t ToolDefinition>,
) -> Result<Arc<RawValue>, ModelError> {
    let list: Vec<_> = tools
        .into_iter()
        .map(|tool| {
            json!({"type": "function", "function": {
                "name": names.wire(&tool.name),
                "description": tool.description,
                "parameters": *tool.parameters,
            }})
        })
        .collect();
    serde_json::value::to_raw_value(&list).map(Arc::from).map_err(|error| unencodable(&error))
}

pub(crate) fn unencodable(error: &serde_json::Error) -> ModelError {
    ModelError::Protocol(format!("the request cannot be encoded: {error}"))
}

/// The body of `POST /chat/completions`.
#[derive(Serialize)]
pub(crate) struct WireRequest<'r> {
    model: &'r str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<ReasoningEffort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Arc<RawValue>>,
    messages: Vec<WireMessage<'r>>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'r> WireRequest<'r> {
    pub(crate) fn new(
        request: &'r ChatRequest,
        provider: &'r str,
        model: &'r ModelConfig,
        quirks: &'r Quirks,
        tools: &'r EncodedTools,
    ) -> Result<Self, ModelError> {
        let limit = request.settings.output_limit(model.max_output_tokens);
        let (max_tokens, max_completion_tokens) = match quirks.output_limit {
            OutputLimit::MaxTokens => (limit, None),
            OutputLimit::MaxCompletionTokens => (None, limit),
        };
        let mut offered = tools.json.clone();
        let mut tool_choice = None;
        match &request.tool_choice {
            _ if offered.is_none() => {}
            ToolChoice::Auto => {}
            ToolChoice::Required(Some(name)) if quirks.named_tool_choice => {
                tool_choice = Some(json!({"type": "function", "function": {"name": tools.names.wire(name)}}));
            }
            ToolChoice::Required(name) => {
                tool_choice = Some(json!("required"));
                if let Some(only) =
                    name.as_ref().and_then(|name| request.tools.iter().find(|t| t.name == *name))
                {
                    offered = Some(encode(&tools.names, [only])?);
                }
            }
        }
        let recipient = Recipient { provider, model: &model.name, names: &tools.names, quirks };
        Ok(Self {
            model: &model.name,
            stream: true,
            stream_options: quirks.include_usage.then_some(StreamOptions { include_usage: true }),
            max_tokens,
            max_completion_tokens,
            temperature: request.settings.temperature.filter(|_| quirks.temperature),
            reasoning_effort: request.settings.reasoning_effort.filter(|_| quirks.reasoning_effort),
            parallel_tool_calls: quirks.parallel_tool_calls.filter(|_| offered.is_some()),
            tool_choice,
            tools: offered,
            messages: recipient.messages(&request.messages),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::chat::{Message, RequestSettings};

    fn tool(name: &str) -> ToolDefinition {
        ToolDefinition {
            name: name.to_owned(),
            description: "…".to_owned(),
            parameters: Arc::new(json!({"type": "object"})),
        }
    }

    fn wire(request: &ChatRequest, quirks: &Quirks) -> Value {
        let tools = EncodedTools::new(&request.tools).unwrap();
        let model = ModelConfig { name: "m".to_owned(), ..ModelConfig::default() };
        serde_json::to_value(WireRequest::new(request, "p", &model, quirks, &tools).unwrap()).unwrap()
    }

    #[test]
    fn one_required_tool_is_sent_alone_with_required() {
        let mut request =
            ChatRequest::new([Message::User("go".into())], [tool("deal.find"), tool("deal.get")]);
        request.tool_choice = ToolChoice::Required(Some("deal.get".into()));
        let body = wire(&request, &Quirks::default());
        assert_eq!(body["tool_choice"], "required");
        assert_eq!(body["tools"].as_array().unwrap().len(), 1);
        assert_eq!(body["tools"][0]["function"]["name"], "deal_get");
        let body = wire(&request, &Quirks { named_tool_choice: true, ..Quirks::default() });
        assert_eq!(body["tool_choice"]["function"]["name"], "deal_get");
        assert_eq!(body["tools"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_a_request_asks_for_is_sent_unless_the_model_refused_it() {
        let settings = RequestSettings {
            temperature: Some(0.5),
            max_output_tokens: Some(700),
            reasoning_effort: Some(ReasoningEffort::Low),
        };
        let request = ChatRequest::new([Message::User("hi".into())], []).with_settings(settings);
        let body = wire(&request, &Quirks::default());
        let sent = ["temperature", "max_tokens", "reasoning_effort"].map(|key| body[key].clone());
        assert_eq!(sent, [json!(0.5), json!(700), json!("low")]);
        let body =
            wire(&request, &Quirks { temperature: false, reasoning_effort: false, ..Quirks::default() });
        assert!(body.get("temperature").is_none() && body.get("reasoning_effort").is_none());
    }

    #[test]
    fn nothing_about_tools_is_sent_where_there_are_none() {
        let quirks = Quirks { parallel_tool_calls: Some(true), ..Quirks::default() };
        let body = wire(&ChatRequest::new([Message::User("hi".into())], []), &quirks);
        for key in ["tools", "tool_choice", "parallel_tool_calls"] {
            assert!(body.get(key).is_none(), "{key}");
        }
    }
}
