//! The events of an answer, read leniently: types of events, blocks and deltas that are not known are passed over or
//! carried. The sequence: <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::thoughts::Order;
use crate::{
    chat::{Delta, FinishReason, Usage},
    error::ModelError,
    providers::wire::{
        failure::Failure,
        framing::{Frame, read_event},
        names::Names,
        reply::Progress,
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    r#type: Option<String>,
    message: Option<Value>,
    index: Option<u64>,
    content_block: Option<Value>,
    delta: Option<Value>,
    usage: Option<Value>,
    error: Option<Value>,
    // Those of an answer that comes as a whole.
    content: Option<Value>,
    stop_reason: Option<Value>,
    stop_details: Option<Value>,
}

/// Turns the events of one answer into deltas.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    pub(super) progress: Progress,
    /// The provider said that nothing follows.
    pub(super) is_over: bool,
    /// Blocks that have not ended, by their index.
    open: BTreeMap<u64, Block>,
    pub(super) order: Order,
    calls: u32,
    usage: Counted,
    /// Text or a call was given.
    said: bool,
}

/// A block that has not ended.
#[derive(Debug)]
enum Block {
    /// With how many bytes of it were given.
    Text(usize),
    Call {
        number: u32,
        /// What came with its beginning, where its arguments do not come in pieces.
        input: Option<String>,
    },
    /// A thought, or what is not known here, as it is put together; with the JSON text of its input.
    Opaque(Value, String),
}

/// Counts as the last event that has them says; what one leaves out stays.
#[derive(Debug, Default)]
struct Counted {
    fresh: u64,
    read: u64,
    written: u64,
    output: u64,
}

impl Decoder {
    pub(super) fn take(
        &mut self,
        frame: Frame,
        names: &Names,
        give: impl FnMut(Delta),
    ) -> Result<(), ModelError> {
        self.progress.lives = true;
        match frame {
            Frame::Life => Ok(()),
            Frame::Done => {
                self.is_over = true;
                Ok(())
            }
            Frame::Event(data) => self.decode(read_event(&data)?, names, give),
        }
    }

    fn decode(&mut self, event: Event, names: &Names, mut give: impl FnMut(Delta)) -> Result<(), ModelError> {
        if let Some(error) = event.error {
            return Err(Failure::of_value(&error).into_error(false));
        }
        let index = event.index.unwrap_or(0);
        match event.r#type.as_deref() {
            Some("message_start") => {
                let message = event.message.unwrap_or_default();
                self.count(&message["usage"], &mut give);
            }
            Some("content_block_start") => {
                // One that was left open has ended all the same.
                self.stop(index, &mut give);
                self.start(index, event.content_block.unwrap_or_default(), names, &mut give);
            }
            Some("content_block_delta") => self.piece(index, &event.delta.unwrap_or_default(), &mut give),
            Some("content_block_stop") => self.stop(index, &mut give),
            Some("message_delta") => {
                if let Some(usage) = &event.usage {
                    self.count(usage, &mut give);
                }
                let delta = event.delta.unwrap_or_default();
                self.ended_with(&delta["stop_reason"], &delta["stop_details"], &mut give)?;
            }
            Some("message_stop") => self.is_over = true,
            Some("message") => {
                let blocks = match event.content {
                    Some(Value::Array(blocks)) => blocks,
                    _ => Vec::new(),
                };
                for (index, block) in (0..).zip(blocks) {
                    self.start(index, block, names, &mut give);
                    self.stop(index, &mut give);
                }
                self.count(&event.usage.unwrap_or_default(), &mut give);
                let (reason, details) =
                    (event.stop_reason.unwrap_or_default(), event.stop_details.unwrap_or_default());
                self.ended_with(&reason, &details, &mut give)?;
                self.is_over = true;
            }
            // `ping`, and what this version does not know.
            _ => {}
        }
        Ok(())
    }

    /// Nothing more comes: blocks that were left open end.
    pub(super) fn end(&mut self, mut give: impl FnMut(Delta)) {
        while let Some(index) = self.open.keys().next().copied() {
            self.stop(index, &mut give);
        }
    }

    fn start(&mut self, index: u64, block: Value, names: &Names, give: &mut impl FnMut(Delta)) {
        let text = |name: &str| block[name].as_str().unwrap_or_default();
        let begun = match block["type"].as_str() {
            Some("text") => {
                let bytes = self.say(text("text"), give);
                Block::Text(bytes)
            }
            Some("tool_use") => {
                let number = self.calls;
                self.calls += 1;
                self.said = true;
                give(Delta::ToolCall {
                    index: number,
                    id: Some(text("id").to_owned()).filter(|id| !id.is_empty()),
                    name: Some(names.ours(text("name").to_owned())),
                    arguments: String::new(),
                    extra: None,
                });
                let input = block["input"].as_object().filter(|input| !input.is_empty());
                Block::Call { number, input: input.map(|_| block["input"].to_string()) }
            }
            _ => {
                if !text("thinking").is_empty() {
                    give(Delta::Reasoning(text("thinking").to_owned()));
                }
                Block::Opaque(block, String::new())
            }
        };
        self.open.insert(index, begun);
    }

    fn piece(&mut self, index: u64, delta: &Value, give: &mut impl FnMut(Delta)) {
        let text = |name: &str| delta[name].as_str().unwrap_or_default();
        let Some(mut block) = self.open.remove(&index) else { return };
        match (delta["type"].as_str(), &mut block) {
            (Some("text_delta"), Block::Text(bytes)) => *bytes += self.say(text("text"), give),
            (Some("input_json_delta"), Block::Call { number, input }) => {
                let arguments = text("partial_json");
                if !arguments.is_empty() {
                    *input = None;
                    give(call_piece(*number, arguments.to_owned()));
                }
            }
            (Some("input_json_delta"), Block::Opaque(_, input)) => input.push_str(text("partial_json")),
            (Some("thinking_delta"), Block::Opaque(value, _)) => {
                append(value, "thinking", text("thinking"));
                if !text("thinking").is_empty() {
                    give(Delta::Reasoning(text("thinking").to_owned()));
                }
            }
            (Some("signature_delta"), Block::Opaque(value, _)) => {
                append(value, "signature", text("signature"));
            }
            _ => {}
        }
        self.open.insert(index, block);
    }

    fn stop(&mut self, index: u64, give: &mut impl FnMut(Delta)) {
        match self.open.remove(&index) {
            None => {}
            Some(Block::Text(bytes)) => self.order.text(bytes),
            Some(Block::Call { number, input }) => {
                if let Some(input) = input {
                    give(call_piece(number, input));
                }
                self.order.call(number);
            }
            Some(Block::Opaque(mut block, input)) => {
                let Some(members) = block.as_object_mut() else { return };
                if let Ok(input) = serde_json::from_str::<Value>(&input) {
                    members.insert("input".to_owned(), input);
                }
                let is_signed =
                    members.get("signature").and_then(Value::as_str).is_some_and(|s| !s.is_empty());
                // Thoughts that were cut before their signature are refused, and the conversation with them.
                if is_signed || members.get("type").and_then(Value::as_str) != Some("thinking") {
                    self.order.opaque(block);
                }
            }
        }
    }

    /// Gives a text; how many bytes it has.
    fn say(&mut self, text: &str, give: &mut impl FnMut(Delta)) -> usize {
        if !text.is_empty() {
            self.said = true;
            give(Delta::Text(text.to_owned()));
        }
        text.len()
    }

    fn ended_with(
        &mut self,
        reason: &Value,
        details: &Value,
        give: &mut impl FnMut(Delta),
    ) -> Result<(), ModelError> {
        let Some(word) = reason.as_str().filter(|word| !word.is_empty()) else { return Ok(()) };
        self.end(give);
        let finish = match word {
            // A tool of the provider's own needs more time than one answer has, and none was offered: what came is a
            // part of an answer.
            "pause_turn" => FinishReason::Length,
            word => FinishReason::from(word),
        };
        if finish == FinishReason::ContentFilter && !self.said {
            let message = details["explanation"].as_str().unwrap_or_default().to_owned();
            return Err(ModelError::Filtered { message });
        }
        self.progress.finish = Some(finish);
        Ok(())
    }

    fn count(&mut self, usage: &Value, give: &mut impl FnMut(Delta)) {
        let mut is_told = false;
        let counts = [
            ("input_tokens", &mut self.usage.fresh),
            ("cache_read_input_tokens", &mut self.usage.read),
            ("cache_creation_input_tokens", &mut self.usage.written),
            ("output_tokens", &mut self.usage.output),
        ];
        for (name, count) in counts {
            if let Some(told) = usage[name].as_u64() {
                *count = told;
                is_told = true;
            }
        }
        if is_told {
            let Counted { fresh, read, written, output } = self.usage;
            give(Delta::Usage(Usage {
                // What was read from the cache and written to it is told apart from the rest of the input.
                input_tokens: fresh.saturating_add(read).saturating_add(written),
                output_tokens: output,
                cached_input_tokens: read,
                cache_write_tokens: written,
                // Thoughts are among the output, and nobody tells how many.
                reasoning_tokens: 0,
            }));
        }
    }
}

fn call_piece(index: u32, arguments: String) -> Delta {
    Delta::ToolCall { index, id: None, name: None, arguments, extra: None }
}

fn append(block: &mut Value, name: &str, piece: &str) {
    let Some(block) = block.as_object_mut() else { return };
    match block.get_mut(name) {
        Some(Value::String(text)) => text.push_str(piece),
        _ => drop(block.insert(name.to_owned(), piece.into())),
    }
}
