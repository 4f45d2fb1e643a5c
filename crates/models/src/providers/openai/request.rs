//! A request as it goes over the wire.

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;
use serde_json::{json, value::RawValue};

use crate::{
    chat::{ChatRequest, Message, ToolChoice, ToolDefinition},
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

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
enum WireMessage<'r> {
    System {
        content: Cow<'r, str>,
    },
    User {
        content: Cow<'r, str>,
    },
    Assistant {
        /// Null where the answer was calls alone.
        content: Option<&'r str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<WireCall<'r>>,
    },
    Tool {
        tool_call_id: &'r str,
        content: &'r str,
    },
}

#[derive(Serialize)]
struct WireCall<'r> {
    id: &'r str,
    r#type: &'static str,
    function: WireFunction<'r>,
}

#[derive(Serialize)]
struct WireFunction<'r> {
    name: Cow<'r, str>,
    arguments: &'r str,
}

impl<'r> WireRequest<'r> {
    pub(crate) fn new(
        request: &'r ChatRequest,
        model: &'r ModelConfig,
        quirks: &Quirks,
        tools: &'r EncodedTools,
    ) -> Result<Self, ModelError> {
        let limit = model.max_output_tokens;
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
        let mut messages: Vec<_> =
            request.messages.iter().map(|message| wire_message(message, &tools.names)).collect();
        if quirks.strict_sequence {
            messages = in_strict_sequence(messages);
        }
        Ok(Self {
            model: &model.name,
            stream: true,
            stream_options: quirks.include_usage.then_some(StreamOptions { include_usage: true }),
            max_tokens,
            max_completion_tokens,
            parallel_tool_calls: quirks.parallel_tool_calls.filter(|_| offered.is_some()),
            tool_choice,
            tools: offered,
            messages,
        })
    }
}

fn wire_message<'r>(message: &'r Message, names: &'r Names) -> WireMessage<'r> {
    match message {
        Message::System(text) => WireMessage::System { content: Cow::Borrowed(text) },
        Message::User(text) => WireMessage::User { content: Cow::Borrowed(text) },
        Message::Assistant { text, tool_calls } => WireMessage::Assistant {
            content: (!text.is_empty() || tool_calls.is_empty()).then_some(text),
            tool_calls: tool_calls
                .iter()
                .map(|call| WireCall {
                    id: &call.id,
                    r#type: "function",
                    function: WireFunction {
                        name: names.wire(&call.name),
                        arguments: arguments(&call.arguments),
                    },
                })
                .collect(),
        },
        Message::Tool { call_id, content, .. } => WireMessage::Tool { tool_call_id: call_id, content },
    }
}

/// A call's arguments as they may stand in a conversation: servers parse them to fill their template and
/// refuse the whole request over one malformed text. Its result tells the model what was wrong.
fn arguments(text: &str) -> &str {
    let is_object = text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok();
    if is_object { text } else { "{}" }
}

/// System messages joined at the head, neighbours of one role joined, and a question at the end.
fn in_strict_sequence(messages: Vec<WireMessage<'_>>) -> Vec<WireMessage<'_>> {
    let mut system = String::new();
    let mut rest: Vec<WireMessage<'_>> = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        match (message, rest.last_mut()) {
            (WireMessage::System { content }, _) => join(&mut system, &content),
            (WireMessage::User { content }, Some(WireMessage::User { content: before })) => {
                join(before.to_mut(), &content);
            }
            (message, _) => rest.push(message),
        }
    }
    if let Some(WireMessage::Assistant { tool_calls, .. }) = rest.last()
        && tool_calls.is_empty()
    {
        rest.push(WireMessage::User { content: Cow::Borrowed("Continue.") });
    }
    if !system.is_empty() {
        rest.insert(0, WireMessage::System { content: Cow::Owned(system) });
    }
    rest
}

fn join(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::chat::ToolCall;

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
        serde_json::to_value(WireRequest::new(request, &model, quirks, &tools).unwrap()).unwrap()
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
    fn malformed_arguments_do_not_go_back_to_the_server() {
        let call = |arguments: &str| ToolCall {
            id: "a".into(),
            name: "deal.find".into(),
            arguments: arguments.into(),
        };
        let calls = vec![call("{\"limit\":"), call("[1]"), call(""), call("{\"limit\": 1}")];
        let request = ChatRequest::new([Message::Assistant { text: "".into(), tool_calls: calls }], []);
        let body = wire(&request, &Quirks::default());
        let sent: Vec<_> = body["messages"][0]["tool_calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["function"]["arguments"].as_str().unwrap())
            .collect();
        assert_eq!(sent, ["{}", "{}", "{}", "{\"limit\": 1}"]);
        assert_eq!(body["messages"][0]["content"], Value::Null);
    }

    #[test]
    fn a_strict_server_gets_one_system_message_and_a_question_at_the_end() {
        let request = ChatRequest::new(
            [
                Message::System("a".into()),
                Message::System("b".into()),
                Message::User("c".into()),
                Message::User("d".into()),
                Message::Assistant { text: "e".into(), tool_calls: vec![] },
            ],
            [],
        );
        let body = wire(&request, &Quirks { strict_sequence: true, ..Quirks::default() });
        let roles: Vec<_> =
            body["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
        assert_eq!(roles, ["system", "user", "assistant", "user"]);
        assert_eq!(body["messages"][1]["content"], "c\n\nd");
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
