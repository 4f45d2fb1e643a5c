//! A conversation as the Messages API takes it: roles that alternate, and all results of a step in one message of
//! the user, before anything else in it.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::{Value, value::RawValue};

use super::thoughts::{self, Place};
use crate::{
    chat::{Message, ToolCall},
    providers::wire::names::Names,
};

/// Up to here a request is kept in the provider's cache, for five minutes after it was last read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum CacheControl {
    Ephemeral,
}

/// Breakpoints within the conversation: at its end, and where the request before ended, for the cache is looked for
/// at twenty blocks before each one alone. Tools and system prompt have the other two of the four that are allowed.
const BREAKPOINTS: usize = 2;

/// What is sent where a side has to say something and has not.
const CONTINUE: &str = "Continue.";
/// The result of a call that came to none.
const NO_RESULT: &str = "This call was not run.";

#[derive(Debug, Serialize)]
pub(super) struct WireMessage<'r> {
    role: Role,
    content: Vec<Block<'r>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Block<'r> {
    Known(Known<'r>),
    /// As the provider sent it.
    Opaque(Value),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Known<'r> {
    Text {
        text: Cow<'r, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolUse {
        id: Cow<'r, str>,
        name: Cow<'r, str>,
        input: Input<'r>,
    },
    ToolResult {
        tool_use_id: Cow<'r, str>,
        content: &'r str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
}

/// The messages of a conversation, without the system prompt at its head. Thoughts go back to `maker` alone, who
/// made them.
pub(super) fn messages<'r>(messages: &'r [Message], names: &'r Names, maker: &str) -> Vec<WireMessage<'r>> {
    let mut writing =
        Writing { wire: Vec::with_capacity(messages.len()), ids: Ids::new(messages), names, maker };
    let mut open: Vec<&str> = Vec::new();
    for message in messages {
        if !matches!(message, Message::Tool { .. }) {
            writing.close(&mut open);
        }
        match message {
            // The system prompt is at the head; what is told later is told in its place.
            Message::System(text) | Message::User(text) => writing.say(text),
            Message::Assistant { tool_calls, .. } => {
                writing.answer(message);
                open.extend(tool_calls.iter().map(|call| call.id.as_str()));
            }
            // One whose call is not in the conversation any more has no place in it either.
            Message::Tool { call_id, content, .. } => {
                if let Some(at) = open.iter().position(|id| id == call_id) {
                    open.remove(at);
                    writing.result(call_id, content, false);
                }
            }
        }
    }
    writing.close(&mut open);
    writing.finish()
}

struct Writing<'r, 'm> {
    wire: Vec<WireMessage<'r>>,
    ids: Ids<'r>,
    names: &'r Names,
    maker: &'m str,
}

impl<'r> Writing<'r, '_> {
    fn push(&mut self, role: Role, block: Block<'r>) {
        if self.wire.is_empty() && role == Role::Assistant {
            // The first word is the user's.
            self.push(Role::User, Block::text(CONTINUE));
        }
        match self.wire.last_mut().filter(|last| last.role == role) {
            Some(last) => last.content.push(block),
            None => self.wire.push(WireMessage { role, content: vec![block] }),
        }
    }

    fn say(&mut self, text: &'r str) {
        // A block of nothing but blanks is refused.
        if !text.trim().is_empty() {
            self.push(Role::User, Block::text(text));
        }
    }

    fn result(&mut self, call_id: &'r str, content: &'r str, is_error: bool) {
        let tool_use_id = self.ids.wire(call_id);
        let result = Known::ToolResult { tool_use_id, content, is_error, cache_control: None };
        self.push(Role::User, Block::Known(result));
    }

    /// Calls without a result get one, since a conversation with a call that has none is refused.
    fn close(&mut self, open: &mut Vec<&'r str>) {
        for id in open.drain(..) {
            self.result(id, NO_RESULT, true);
        }
    }

    fn answer(&mut self, message: &'r Message) {
        let Message::Assistant { text, tool_calls, carried } = message else { return };
        let places = thoughts::places(carried.as_deref(), self.maker, text, tool_calls.len());
        for place in places {
            let block = match place {
                Place::Text(range) => text.get(range).filter(|text| !text.trim().is_empty()).map(Block::text),
                Place::Call(number) => tool_calls.get(number).map(|call| self.call(call)),
                Place::Opaque(block) => Some(Block::Opaque(block)),
            };
            if let Some(block) = block {
                self.push(Role::Assistant, block);
            }
        }
    }

    fn call(&self, call: &'r ToolCall) -> Block<'r> {
        let name = self.names.wire(&call.name);
        Block::Known(Known::ToolUse { id: self.ids.wire(&call.id), name, input: Input::of(&call.arguments) })
    }

    fn finish(mut self) -> Vec<WireMessage<'r>> {
        // The last word is the user's: an answer that is begun for the model is refused.
        if self.wire.last().is_none_or(|last| last.role == Role::Assistant) {
            self.push(Role::User, Block::text(CONTINUE));
        }
        let of_user = self.wire.iter_mut().rev().filter(|message| message.role == Role::User);
        for message in of_user.take(BREAKPOINTS) {
            if let Some(Block::Known(
                Known::Text { cache_control, .. } | Known::ToolResult { cache_control, .. },
            )) = message.content.last_mut()
            {
                *cache_control = Some(CacheControl::Ephemeral);
            }
        }
        self.wire
    }
}

impl<'r> Block<'r> {
    fn text(text: &'r str) -> Self {
        Self::Known(Known::Text { text: Cow::Borrowed(text), cache_control: None })
    }
}

/// A call's arguments, which must be an object. The result of a call that had none tells the model so.
#[derive(Debug)]
enum Input<'r> {
    Written(&'r RawValue),
    Nothing,
}

impl<'r> Input<'r> {
    fn of(arguments: &'r str) -> Self {
        let is_object = arguments.trim_start().starts_with('{');
        let written = serde_json::from_str(arguments).ok().filter(|_| is_object);
        written.map_or(Self::Nothing, Self::Written)
    }
}

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Written(written) => written.serialize(serializer),
            Self::Nothing => serializer.serialize_map(Some(0))?.end(),
        }
    }
}

/// The ids of calls on the wire, which takes letters, digits, `_` and `-` alone. Those that others made and that do
/// not fit are replaced, the same by the same in each request.
struct Ids<'r>(HashMap<&'r str, String>);

impl<'r> Ids<'r> {
    fn new(messages: &'r [Message]) -> Self {
        let calls = messages.iter().flat_map(|message| match message {
            Message::Assistant { tool_calls, .. } => tool_calls.as_slice(),
            _ => &[],
        });
        let ids: Vec<&str> = calls.map(|call| call.id.as_str()).collect();
        let mut taken: HashSet<String> =
            ids.iter().filter(|id| fits(id)).map(|id| (*id).to_owned()).collect();
        let mut replaced = HashMap::new();
        for id in ids.into_iter().filter(|id| !fits(id)) {
            if replaced.contains_key(id) {
                continue;
            }
            let mut number = replaced.len();
            while !taken.insert(format!("call_{number}")) {
                number += 1;
            }
            replaced.insert(id, format!("call_{number}"));
        }
        Self(replaced)
    }

    fn wire(&self, id: &'r str) -> Cow<'r, str> {
        self.0.get(id).map_or(Cow::Borrowed(id), |replaced| Cow::Owned(replaced.clone()))
    }
}

/// The longest id that is sent as it is.
const LONGEST_ID: usize = 128;

fn fits(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
