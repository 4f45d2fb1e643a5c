//! A chunk of a streamed answer, read leniently: unknown fields and words, nulls, missing pieces and texts
//! that come as parts are all taken for what they are.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{carried::Collected, ids, markup::Markup, thinking::Thinking};
use crate::{
    chat::{Delta, FinishReason, Opaque, Usage},
    config::CallIds,
    error::ModelError,
    providers::wire::{
        failure::Failure,
        framing::{Frame, read_event},
        names::Names,
        reply::Progress,
    },
};

#[derive(Deserialize)]
pub(crate) struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    /// Where Groq tells the usage.
    x_groq: Option<Value>,
    error: Option<Value>,
    // An error may stand where a chunk should, without a key of its own.
    object: Option<Value>,
    r#type: Option<Value>,
    message: Option<Value>,
    detail: Option<Value>,
    code: Option<Value>,
    status: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Piece>,
    /// What servers send that answer in one piece although a stream was asked for.
    message: Option<Piece>,
    finish_reason: Option<Value>,
    error: Option<Value>,
    /// Where Moonshot tells it.
    usage: Option<Value>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<Value>,
    refusal: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning: Option<Value>,
    thinking: Option<Value>,
    reasoning_details: Option<Value>,
    // What means nothing here and goes back with the answer.
    reasoning_text: Option<Value>,
    reasoning_opaque: Option<Value>,
    thinking_blocks: Option<Value>,
    extra_content: Option<Value>,
    provider_specific_fields: Option<Value>,
    tool_calls: Option<Vec<CallPiece>>,
    /// The form that calls had before there could be several.
    function_call: Option<FunctionPiece>,
}

#[derive(Deserialize)]
struct CallPiece {
    index: Option<Value>,
    id: Option<Value>,
    function: Option<FunctionPiece>,
    /// What goes back with the call.
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Deserialize)]
struct FunctionPiece {
    name: Option<Value>,
    arguments: Option<Value>,
}

/// Turns the chunks of one answer into deltas.
#[derive(Default)]
pub(crate) struct Decoder {
    /// Calls begun so far, for servers that leave out their index.
    calls: u32,
    pub(super) progress: Progress,
    thinking: Thinking,
    markup: Markup,
    collected: Collected,
    /// Text or a call was given.
    said: bool,
}

/// Words with which servers say at the end of an answer that it is none: the answer before them is in part.
const FAILED: &[&str] = &[
    "error",
    "network_error",
    "server_error",
    "internal_error",
    "engine_error",
    "failed",
    "abort",
    "aborted",
    "cancelled",
    "timeout",
    "insufficient_system_resource",
    "malformed_function_call",
    "unexpected_tool_call",
    "malformed_response",
];

impl Decoder {
    pub(crate) fn take(
        &mut self,
        frame: Frame,
        names: &Names,
        give: impl FnMut(Delta),
    ) -> Result<(), ModelError> {
        self.progress.lives = true;
        match frame {
            Frame::Life => Ok(()),
            Frame::Done => {
                if self.progress.finish.is_none() && self.said {
                    self.progress.finish = Some(FinishReason::Stop);
                }
                Ok(())
            }
            Frame::Event(data) => self.decode(read_event(&data)?, names, give),
        }
    }

    fn decode(
        &mut self,
        mut chunk: Chunk,
        names: &Names,
        mut give: impl FnMut(Delta),
    ) -> Result<(), ModelError> {
        if let Some(error) = chunk.failure() {
            return Err(Failure::of_value(&error).into_error(false));
        }
        let mut of_choice = None;
        // Only one answer is asked for, so further choices would be a second one.
        if let Some(choice) = chunk.choices.unwrap_or_default().into_iter().next() {
            if let Some(error) = choice.error.filter(is_told) {
                return Err(Failure::of_value(&error).into_error(false));
            }
            of_choice = choice.usage;
            let is_whole = choice.delta.is_none() && choice.message.is_some();
            if let Some(piece) = choice.delta.or(choice.message) {
                self.decode_piece(piece, names, &mut give);
            }
            match choice.finish_reason {
                Some(Value::String(word)) if !word.is_empty() => {
                    if FAILED.contains(&word.to_ascii_lowercase().as_str()) {
                        let detail = format!("the provider ended it with {word:?}");
                        return Err(ModelError::CutShort { detail });
                    }
                    // A server that says it twice may have only the first one right.
                    self.progress.finish = Some(FinishReason::from(word.as_str()));
                }
                _ if is_whole && self.said => self.progress.finish = Some(FinishReason::Stop),
                _ => {}
            }
            if let Some(finish) = &self.progress.finish {
                self.said |= end(&mut self.thinking, &mut self.markup, names, self.calls > 0, &mut give);
                if *finish == FinishReason::ContentFilter && !self.said {
                    // An answer with nothing in it is none.
                    self.progress.finish = None;
                    return Err(ModelError::Filtered { message: String::new() });
                }
            }
        }
        let groq = chunk.x_groq.as_ref().map(|groq| &groq["usage"]);
        if let Some(usage) = chunk.usage.as_ref().or(groq).or(of_choice.as_ref()).and_then(usage) {
            give(Delta::Usage(usage));
        }
        Ok(())
    }

    /// The stream is at its end: what was held back is given.
    pub(crate) fn end(&mut self, names: &Names, mut give: impl FnMut(Delta)) {
        end(&mut self.thinking, &mut self.markup, names, self.calls > 0, &mut give);
    }

    fn say(&mut self, text: &str, give: &mut impl FnMut(Delta)) {
        let markup = &mut self.markup;
        self.said |= self.thinking.take(text, |delta| match delta {
            Delta::Text(text) => markup.take(&text, |text| give(Delta::Text(text))),
            delta => give(delta),
        });
    }

    /// What goes back with the answer, once it is at its end.
    pub(crate) fn carried(&mut self) -> Option<Opaque> {
        self.progress.finish.as_ref()?;
        self.collected.take(self.calls > 0)
    }

    fn collect(&mut self, piece: &Piece) {
        let texts = [
            ("reasoning_content", &piece.reasoning_content),
            ("reasoning", &piece.reasoning),
            ("reasoning_text", &piece.reasoning_text),
        ];
        for (name, value) in texts {
            if let Some(Value::String(text)) = value {
                self.collected.text(name, text);
            }
        }
        let lists =
            [("reasoning_details", &piece.reasoning_details), ("thinking_blocks", &piece.thinking_blocks)];
        for (name, value) in lists {
            if let Some(Value::Array(items)) = value {
                self.collected.items(name, items);
            }
        }
        let wholes = [
            ("reasoning_opaque", &piece.reasoning_opaque),
            ("extra_content", &piece.extra_content),
            ("provider_specific_fields", &piece.provider_specific_fields),
        ];
        for (name, value) in wholes {
            if let Some(value) = value {
                self.collected.whole(name, value);
            }
        }
    }

    fn decode_piece(&mut self, piece: Piece, names: &Names, give: &mut impl FnMut(Delta)) {
        self.collect(&piece);
        // Servers that know several names for it send the same under each.
        let reasoning = [piece.reasoning_content, piece.reasoning, piece.thinking, piece.reasoning_details];
        if let Some(text) = reasoning.into_iter().flatten().find_map(|value| thought(&value)) {
            give(Delta::Reasoning(text));
        }
        for content in [piece.content, piece.refusal].into_iter().flatten() {
            match content {
                Value::Array(parts) => {
                    for part in &parts {
                        if let Some(text) = part["text"].as_str().filter(|_| !is_thought(part)) {
                            self.say(text, give);
                        } else if let Some(text) = part["refusal"].as_str() {
                            self.say(text, give);
                        } else if let Some(text) = thought(part) {
                            self.collected.part(&text);
                            give(Delta::Reasoning(text));
                        }
                    }
                }
                content => {
                    if let Some(text) = text(content) {
                        self.say(&text, give);
                    }
                }
            }
        }
        let single = piece.function_call.map(|function| CallPiece {
            index: Some(Value::from(0)),
            id: None,
            function: Some(function),
            extra: Map::new(),
        });
        for call in piece.tool_calls.unwrap_or_default().into_iter().chain(single) {
            let id = call.id.and_then(text);
            let extra = extra(call.extra, id.as_deref());
            self.collected.is_with_calls |= extra.is_some();
            let (name, arguments) = call.function.map_or((None, None), |f| (f.name, f.arguments));
            let name = name.and_then(text).map(|name| names.ours(name));
            let index = match call.index.and_then(|index| index.as_u64()) {
                Some(index) => u32::try_from(index).unwrap_or(u32::MAX),
                // A name begins a call; what comes without one continues the last.
                None if name.is_some() => self.calls,
                None => self.calls.saturating_sub(1),
            };
            self.said = true;
            self.calls = self.calls.max(index.saturating_add(1));
            let arguments = match arguments {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text,
                Some(value) => value.to_string(),
            };
            give(Delta::ToolCall { index, id, name, arguments, extra });
        }
    }
}

impl Chunk {
    /// The error that stands in it, or that it is.
    fn failure(&mut self) -> Option<Value> {
        if let Some(error) = self.error.take_if(|error| is_told(error)) {
            // A status may stand beside the error.
            let code = self.code.take().or_else(|| self.status.take());
            return Some(json!({"error": error, "code": code}));
        }
        if self.choices.is_some() {
            return None;
        }
        let is = |value: &Option<Value>, word: &str| {
            value
                .as_ref()
                .and_then(Value::as_str)
                .is_some_and(|value| value.to_ascii_lowercase().contains(word))
        };
        let is_failure = |value: &Option<Value>| {
            let code =
                value.as_ref().and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
            code.is_some_and(|code| (400..600).contains(&code))
        };
        let is_error = is(&self.object, "error") || is(&self.r#type, "error");
        let is_worded = self.message.is_some() || self.detail.is_some();
        if !is_error && !(is_worded && (is_failure(&self.code) || is_failure(&self.status))) {
            return None;
        }
        Some(json!({
            "message": self.message.take(),
            "detail": self.detail.take(),
            "type": self.r#type.take(),
            "code": self.code.take(),
            "status": self.status.take(),
        }))
    }
}

/// Whether an error says that there is one; some servers send an empty one with each chunk.
fn is_told(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(object) => object.values().any(|value| !value.is_null()),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

/// Gives what is held back of a text that is at its end; true where the text was not empty.
fn end(
    thinking: &mut Thinking,
    markup: &mut Markup,
    names: &Names,
    made_calls: bool,
    give: &mut impl FnMut(Delta),
) -> bool {
    let said = thinking.end(|delta| match delta {
        Delta::Text(text) => markup.take(&text, |text| give(Delta::Text(text))),
        delta => give(delta),
    });
    markup.end(names, made_calls, |text| give(Delta::Text(text)));
    said
}

/// What came with a call beside what makes it, and its id where others would not take it.
fn extra(mut members: Map<String, Value>, id: Option<&str>) -> Option<Map<String, Value>> {
    members.retain(|name, value| {
        let is_told = match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(members) => !members.is_empty(),
            _ => true,
        };
        is_told && !matches!(name.as_str(), "type" | "name" | "arguments")
    });
    if let Some(id) = id.filter(|id| !ids::fits(CallIds::Short, id)) {
        members.insert("id".to_owned(), id.into());
    }
    (!members.is_empty()).then_some(members)
}

/// A text that is not empty.
fn text(value: Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn is_thought(part: &Value) -> bool {
    part["type"].as_str().is_some_and(|kind| kind.contains("thinking") || kind.contains("reasoning"))
}

/// The thoughts in a value of whatever form: a text, parts, or parts within a part.
fn thought(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(thought).collect(),
        Value::Object(part) => {
            let keys = ["text", "thinking", "summary", "reasoning", "content"];
            keys.into_iter().find_map(|key| thought(part.get(key)?))?
        }
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn usage(value: &Value) -> Option<Usage> {
    let number = |keys: [&str; 2]| keys.into_iter().find_map(|key| value[key].as_u64());
    let input_tokens = number(["prompt_tokens", "input_tokens"]);
    let output_tokens = number(["completion_tokens", "output_tokens"]);
    let detail = |of: [&str; 2], name: &str| of.into_iter().find_map(|of| value[of][name].as_u64());
    let of_input = |name| detail(["prompt_tokens_details", "input_tokens_details"], name);
    let reasoning = detail(["completion_tokens_details", "output_tokens_details"], "reasoning_tokens");
    (input_tokens.is_some() || output_tokens.is_some()).then(|| {
        let (input, said) = (input_tokens.unwrap_or(0), output_tokens.unwrap_or(0));
        // Some leave what was thought out of the output, and count it in the total alone: xAI, Gemini.
        let beside = value["total_tokens"]
            .as_u64()
            .and_then(|total| total.checked_sub(input)?.checked_sub(said))
            .unwrap_or(0);
        Usage {
            input_tokens: input,
            output_tokens: said.saturating_add(beside),
            cached_input_tokens: of_input("cached_tokens")
                .or_else(|| number(["prompt_cache_hit_tokens", "cached_tokens"]))
                .unwrap_or(0),
            cache_write_tokens: of_input("cache_write_tokens").unwrap_or(0),
            reasoning_tokens: reasoning.unwrap_or(beside),
        }
    })
}

#[cfg(test)]
mod tests;
