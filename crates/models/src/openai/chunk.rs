//! A chunk of a streamed answer, read leniently: unknown fields and words, nulls, missing pieces and texts
//! that come as parts are all taken for what they are.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Names, framing::TOO_LONG};
use crate::{
    chat::{Delta, FinishReason, Usage},
    error::ModelError,
};

#[derive(Deserialize)]
pub(crate) struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Piece>,
    /// What servers send that answer in one piece although a stream was asked for.
    message: Option<Piece>,
    finish_reason: Option<Value>,
}

#[derive(Deserialize)]
struct Piece {
    content: Option<Value>,
    refusal: Option<Value>,
    reasoning_content: Option<Value>,
    reasoning: Option<Value>,
    tool_calls: Option<Vec<CallPiece>>,
}

#[derive(Deserialize)]
struct CallPiece {
    index: Option<Value>,
    id: Option<Value>,
    function: Option<FunctionPiece>,
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
    /// Where the answer ended, told last so that nothing follows it.
    pub(crate) finish: Option<FinishReason>,
}

impl Decoder {
    pub(crate) fn decode(
        &mut self,
        chunk: Chunk,
        names: &Names,
        mut give: impl FnMut(Delta),
    ) -> Result<(), ModelError> {
        if let Some(error) = chunk.error {
            return Err(stream_error(&error));
        }
        // Only one answer is asked for, so further choices would be a second one.
        if let Some(choice) = chunk.choices.unwrap_or_default().into_iter().next() {
            if let Some(piece) = choice.delta.or(choice.message) {
                self.decode_piece(piece, names, &mut give);
            }
            if let Some(Value::String(word)) = choice.finish_reason
                && !word.is_empty()
            {
                self.finish = Some(FinishReason::from(word.as_str()));
            }
        }
        if let Some(usage) = chunk.usage.as_ref().and_then(usage) {
            give(Delta::Usage(usage));
        }
        Ok(())
    }

    fn decode_piece(&mut self, piece: Piece, names: &Names, give: &mut impl FnMut(Delta)) {
        for reasoning in [piece.reasoning_content, piece.reasoning].into_iter().flatten().take(1) {
            text(reasoning).into_iter().for_each(|text| give(Delta::Reasoning(text)));
        }
        for content in [piece.content, piece.refusal].into_iter().flatten() {
            text(content).into_iter().for_each(|text| give(Delta::Text(text)));
        }
        for call in piece.tool_calls.unwrap_or_default() {
            let id = call.id.and_then(text);
            let (name, arguments) = call.function.map_or((None, None), |f| (f.name, f.arguments));
            let name = name.and_then(text).map(|name| names.ours(name));
            let index = match call.index.and_then(|index| index.as_u64()) {
                Some(index) => u32::try_from(index).unwrap_or(u32::MAX),
                // A name begins a call; what comes without one continues the last.
                None if name.is_some() => self.calls,
                None => self.calls.saturating_sub(1),
            };
            self.calls = self.calls.max(index.saturating_add(1));
            let arguments = match arguments {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text,
                Some(value) => value.to_string(),
            };
            give(Delta::ToolCall { index, id, name, arguments });
        }
    }
}

/// A text that is not empty, from a string or from a list of parts.
fn text(value: Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text,
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn usage(value: &Value) -> Option<Usage> {
    let input_tokens = value["prompt_tokens"].as_u64();
    let output_tokens = value["completion_tokens"].as_u64();
    (input_tokens.is_some() || output_tokens.is_some()).then(|| Usage {
        input_tokens: input_tokens.unwrap_or(0),
        output_tokens: output_tokens.unwrap_or(0),
        cached_input_tokens: value["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap_or(0),
    })
}

fn stream_error(error: &Value) -> ModelError {
    if error["type"] == TOO_LONG {
        return ModelError::TooLong(message_of(error));
    }
    let status = [&error["code"], &error["status"], &error["status_code"]]
        .into_iter()
        .find_map(|code| code.as_u64().or_else(|| code.as_str()?.parse().ok()))
        .and_then(|code| u16::try_from(code).ok())
        .filter(|code| (400..600).contains(code));
    let word = error["type"].as_str().or_else(|| error["code"].as_str()).unwrap_or_default();
    let status = status.unwrap_or(match word {
        word if word.contains("rate_limit") => 429,
        word if word.contains("authentication") || word.contains("api_key") => 401,
        word if word.contains("invalid") || word.contains("context_length") => 400,
        _ => 500,
    });
    by_status(status, None, message_of(error))
}

/// What a status that is not success means.
pub(crate) fn by_status(status: u16, retry_after: Option<Duration>, message: String) -> ModelError {
    match status {
        401 | 403 => ModelError::Unauthorized,
        429 => ModelError::RateLimited { retry_after },
        408 | 409 | 425 | 500.. => ModelError::Server { status, message },
        _ => ModelError::Rejected { status, message },
    }
}

/// The message in an error object, however it is nested.
pub(crate) fn message_of(error: &Value) -> String {
    [&error["error"]["message"], &error["message"], &error["error"], &error["detail"], error]
        .into_iter()
        .find_map(Value::as_str)
        .unwrap_or("no message")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(chunks: impl IntoIterator<Item = Value>) -> (Vec<Delta>, Decoder) {
        let names = Names::new(["deal.find"]);
        let (mut deltas, mut decoder) = (Vec::new(), Decoder::default());
        for chunk in chunks {
            let chunk = serde_json::from_value(chunk).unwrap();
            decoder.decode(chunk, &names, |delta| deltas.push(delta)).unwrap();
        }
        (deltas, decoder)
    }

    #[test]
    fn nulls_unknown_fields_and_empty_choices_are_taken_as_nothing() {
        let (deltas, decoder) = decode([
            json!({"choices": null}),
            json!({"choices": [], "usage": null, "new_field": 1}),
            json!({"choices": [{"delta": {"role": "assistant", "content": null, "tool_calls": null}, "finish_reason": null}]}),
            json!({"choices": [{"delta": {"content": ""}, "logprobs": {}}]}),
        ]);
        assert!(deltas.is_empty() && decoder.finish.is_none());
    }

    #[test]
    fn text_comes_as_a_string_or_in_parts_and_reasoning_under_either_name() {
        let (deltas, _) = decode([
            json!({"choices": [{"delta": {"content": "a"}}]}),
            json!({"choices": [{"delta": {"content": [{"type": "text", "text": "b"}]}}]}),
            json!({"choices": [{"delta": {"reasoning_content": "c"}}]}),
            json!({"choices": [{"delta": {"reasoning": "d"}}]}),
        ]);
        let [a, b, c, d] = deltas.as_slice() else { panic!("{deltas:?}") };
        assert_eq!((a, b), (&Delta::Text("a".into()), &Delta::Text("b".into())));
        assert_eq!((c, d), (&Delta::Reasoning("c".into()), &Delta::Reasoning("d".into())));
    }

    #[test]
    fn a_call_without_index_and_with_object_arguments_is_whole() {
        let call = json!({"function": {"name": "deal_find", "arguments": {"limit": 1}}});
        let (deltas, _) = decode([json!({"choices": [{"message": {"tool_calls": [call, call]}}]})]);
        let indexes: Vec<_> = deltas
            .iter()
            .map(|delta| match delta {
                Delta::ToolCall { index, name, arguments, .. } => {
                    assert_eq!(name.as_deref(), Some("deal.find"));
                    assert_eq!(arguments, "{\"limit\":1}");
                    *index
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(indexes, [0, 1]);
    }

    #[test]
    fn an_unknown_finish_reason_is_kept_as_it_is() {
        let (_, decoder) = decode([json!({"choices": [{"delta": {}, "finish_reason": "guardrail"}]})]);
        assert_eq!(decoder.finish, Some(FinishReason::Other("guardrail".into())));
    }

    #[test]
    fn an_error_in_the_stream_is_told_by_its_code_or_type() {
        let error = |value: Value| stream_error(&value);
        assert!(matches!(error(json!({"code": 429, "message": "slow"})), ModelError::RateLimited { .. }));
        assert!(matches!(error(json!({"type": "authentication_error"})), ModelError::Unauthorized));
        assert!(matches!(error(json!("boom")), ModelError::Server { status: 500, .. }));
        assert!(matches!(error(json!({"type": "invalid_request_error"})), ModelError::Rejected { .. }));
    }
}
