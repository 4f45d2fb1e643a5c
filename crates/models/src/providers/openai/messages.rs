//! A conversation as it goes over the wire.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::carried::{self, Back};
use crate::{
    chat::{Carried, Message, ToolCall},
    config::{Quirks, StandIn},
    providers::wire::names::Names,
};

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub(super) enum WireMessage<'r> {
    System { content: Cow<'r, str> },
    User { content: Cow<'r, str> },
    Assistant(WireAnswer<'r>),
    Tool { tool_call_id: &'r str, content: &'r str },
}

#[derive(Serialize)]
pub(super) struct WireAnswer<'r> {
    content: Content<'r>,
    /// What came with it, under its own names.
    #[serde(flatten)]
    carried: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireCall<'r>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'r> {
    /// Null where the answer was calls alone.
    Text(Option<&'r str>),
    Parts(Value),
}

#[derive(Serialize)]
struct WireCall<'r> {
    id: &'r str,
    r#type: &'static str,
    function: WireFunction<'r>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Serialize)]
struct WireFunction<'r> {
    name: Cow<'r, str>,
    arguments: &'r str,
}

/// Who is sent the conversation, and how.
pub(super) struct Recipient<'r> {
    pub(super) provider: &'r str,
    pub(super) model: &'r str,
    pub(super) names: &'r Names,
    pub(super) quirks: &'r Quirks,
}

impl<'r> Recipient<'r> {
    pub(super) fn messages(&self, messages: &'r [Message]) -> Vec<WireMessage<'r>> {
        let messages = messages.iter().map(|message| self.message(message)).collect();
        if self.quirks.strict_sequence { in_strict_sequence(messages) } else { messages }
    }

    fn message(&self, message: &'r Message) -> WireMessage<'r> {
        match message {
            Message::System(text) => WireMessage::System { content: Cow::Borrowed(text) },
            Message::User(text) => WireMessage::User { content: Cow::Borrowed(text) },
            Message::Assistant { text, tool_calls, carried } => {
                WireMessage::Assistant(self.answer(text, tool_calls, carried.as_deref()))
            }
            Message::Tool { call_id, content, .. } => WireMessage::Tool { tool_call_id: call_id, content },
        }
    }

    fn answer(&self, text: &'r str, calls: &'r [ToolCall], carried: Option<&Carried>) -> WireAnswer<'r> {
        let back = if self.quirks.return_thoughts {
            Back::of(carried, self.provider, self.model)
        } else {
            Back::Nothing
        };
        let (mut members, thoughts) = carried::members(carried, back);
        let content = match thoughts {
            Some(thoughts) => Content::Parts(parts(&thoughts, text)),
            None => Content::Text((!text.is_empty() || calls.is_empty()).then_some(text)),
        };
        let mut tool_calls: Vec<_> = calls.iter().map(|call| self.call(call, back)).collect();
        self.stand_in(&mut members, &mut tool_calls);
        WireAnswer { content, carried: members, tool_calls }
    }

    fn call(&self, call: &'r ToolCall, back: Back) -> WireCall<'r> {
        let extra = call.extra.as_ref().filter(|_| back == Back::All).map(|extra| extra.value());
        let mut extra = extra.and_then(|extra| extra.as_object().cloned()).unwrap_or_default();
        extra.retain(|name, _| !matches!(name.as_str(), "id" | "type" | "function"));
        WireCall {
            id: &call.id,
            r#type: "function",
            function: WireFunction {
                name: self.names.wire(&call.name),
                arguments: arguments(&call.arguments),
            },
            extra,
        }
    }

    /// Puts in what the server insists on where another model, or none, made the calls.
    fn stand_in(&self, members: &mut Map<String, Value>, calls: &mut [WireCall<'r>]) {
        match (self.quirks.stand_in, calls) {
            (_, []) | (StandIn::None, _) => {}
            (StandIn::ReasoningContent, _) => {
                members.entry("reasoning_content").or_insert_with(|| " ".into());
            }
            // The first of several calls has the signature of all.
            (StandIn::ThoughtSignature, [first, rest @ ..]) => {
                if first.extra.is_empty() && rest.iter().all(|call| call.extra.is_empty()) {
                    let google = json!({"google": {"thought_signature": NO_SIGNATURE}});
                    first.extra.insert("extra_content".to_owned(), google);
                }
            }
        }
    }
}

/// What Google takes for the signature of a call that none of its models made
/// (<https://ai.google.dev/gemini-api/docs/thought-signatures>).
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// The content of an answer whose thoughts are a part of it.
fn parts(thoughts: &str, text: &str) -> Value {
    let thinking = json!({"type": "thinking", "thinking": [{"type": "text", "text": thoughts}]});
    if text.is_empty() { json!([thinking]) } else { json!([thinking, {"type": "text", "text": text}]) }
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
    if let Some(WireMessage::Assistant(WireAnswer { tool_calls, .. })) = rest.last()
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
mod tests;
