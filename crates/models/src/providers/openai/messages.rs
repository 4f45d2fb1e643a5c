//! A conversation as it goes over the wire.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{
    carried::{self, Back},
    ids::WireIds,
};
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
    Tool { tool_call_id: Cow<'r, str>, content: &'r str },
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
    Text(Cow<'r, str>),
    /// An answer that is calls alone, where an empty text is refused.
    Null(()),
    Parts(Value),
}

#[derive(Serialize)]
struct WireCall<'r> {
    id: Cow<'r, str>,
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
    /// The conversation as every server takes it: one system message at the head, an answer between questions, none
    /// that says nothing, and a question or a result at the end.
    pub(super) fn messages(&self, messages: &'r [Message]) -> Vec<WireMessage<'r>> {
        let mut system: Cow<'r, str> = Cow::Borrowed("");
        let mut sent: Vec<WireMessage<'r>> = Vec::with_capacity(messages.len() + 2);
        // Its place is kept free.
        let system_comes_first = matches!(messages.first(), Some(Message::System(_)));
        if system_comes_first {
            sent.push(WireMessage::System { content: Cow::Borrowed("") });
        }
        let mut ids = WireIds::new(self.quirks.call_ids);
        for message in messages {
            match message {
                Message::System(text) => join(&mut system, text),
                Message::User(text) => {
                    let is_unanswered = match sent.last() {
                        // Joined, they would both be answered, and the first may have been taken back.
                        Some(WireMessage::User { .. }) => true,
                        Some(WireMessage::Tool { .. }) => self.quirks.strict_sequence,
                        _ => false,
                    };
                    if is_unanswered {
                        sent.push(said(NO_ANSWER));
                    }
                    sent.push(WireMessage::User { content: Cow::Borrowed(text) });
                }
                Message::Assistant { text, tool_calls, .. }
                    if text.trim().is_empty() && tool_calls.is_empty() => {}
                Message::Assistant { text, tool_calls, carried } => {
                    if let Some(WireMessage::Assistant(_)) = sent.last() {
                        sent.push(go_on());
                    }
                    let answer = self.answer(text, tool_calls, carried.as_deref(), &mut ids);
                    sent.push(WireMessage::Assistant(answer));
                }
                Message::Tool { call_id, content, .. } => {
                    sent.push(WireMessage::Tool { tool_call_id: ids.of_result(call_id), content });
                }
            }
        }
        if let Some(WireMessage::Assistant(_)) = sent.last() {
            sent.push(go_on());
        }
        if system_comes_first {
            sent[0] = WireMessage::System { content: system };
        } else if !system.is_empty() {
            sent.insert(0, WireMessage::System { content: system });
        }
        sent
    }

    fn answer(
        &self,
        text: &'r str,
        calls: &'r [ToolCall],
        carried: Option<&Carried>,
        ids: &mut WireIds<'r>,
    ) -> WireAnswer<'r> {
        let back = if self.quirks.return_thoughts {
            Back::of(carried, self.provider, self.model)
        } else {
            Back::Nothing
        };
        let (mut members, thoughts) = carried::members(carried, back);
        let content = match thoughts {
            Some(thoughts) => Content::Parts(parts(&thoughts, text)),
            None if text.is_empty() && self.quirks.null_content => Content::Null(()),
            None => Content::Text(Cow::Borrowed(text)),
        };
        ids.begin();
        let mut tool_calls: Vec<_> = calls.iter().map(|call| self.call(call, back, ids)).collect();
        self.stand_in(&mut members, &mut tool_calls);
        WireAnswer { content, carried: members, tool_calls }
    }

    fn call(&self, call: &'r ToolCall, back: Back, ids: &mut WireIds<'r>) -> WireCall<'r> {
        let extra = call.extra.as_ref().filter(|_| back == Back::All).map(|extra| extra.value());
        let mut extra = match extra {
            Some(Value::Object(extra)) => extra,
            _ => Map::new(),
        };
        let own = extra.remove("id").and_then(|id| id.as_str().map(str::to_owned));
        extra.retain(|name, _| !matches!(name.as_str(), "type" | "function"));
        WireCall {
            id: ids.of_call(&call.id, own),
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

/// What stands in place of the answer of a turn that ended before it, so that roles alternate.
const NO_ANSWER: &str = "(There was no answer.)";

fn said(text: &'static str) -> WireMessage<'static> {
    let (carried, tool_calls) = (Map::new(), Vec::new());
    WireMessage::Assistant(WireAnswer { content: Content::Text(Cow::Borrowed(text)), carried, tool_calls })
}

fn go_on() -> WireMessage<'static> {
    WireMessage::User { content: Cow::Borrowed("Continue.") }
}

fn join<'r>(text: &mut Cow<'r, str>, more: &'r str) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
        return;
    }
    let text = text.to_mut();
    text.push_str("\n\n");
    text.push_str(more);
}

#[cfg(test)]
mod tests;
