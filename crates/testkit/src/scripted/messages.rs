//! Anthropic's Messages API: what its server refuses, and the events of an answer.

use std::{collections::HashSet, sync::Arc};

use axum::{body::Bytes, extract::State, http::HeaderMap, response::Response};
use serde_json::{Value, json};

use super::{Shared, invariants, respond};

/// Breakpoints of the cache that a request may have.
const MOST_BREAKPOINTS: usize = 4;

pub(super) async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    for name in ["x-api-key", "anthropic-version"] {
        if header(name).is_none_or(str::is_empty) {
            shared.log().violations.push(format!("the header {name} is missing"));
        }
    }
    if header("authorization").is_some() {
        shared.log().violations.push("the key is sent twice".to_owned());
    }
    respond(&shared, header("x-api-key"), &body, check)
}

/// The events of an answer with these blocks: texts and arguments in pieces, signatures after their thoughts.
pub fn answer(blocks: &[Value], stop_reason: &str) -> Vec<Value> {
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "scripted",
        "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": 25, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7,
            "output_tokens": 1},
    });
    let mut events = vec![json!({"type": "message_start", "message": message}), json!({"type": "ping"})];
    for (index, block) in blocks.iter().enumerate() {
        let mut begun = block.clone();
        let mut deltas = Vec::new();
        let mut pieces = |kind: &str, name: &str, text: &str| {
            let letters: Vec<char> = text.chars().collect();
            deltas.extend(letters.chunks(7).map(|piece| {
                let piece: String = piece.iter().collect();
                json!({"type": kind, (name): piece})
            }));
        };
        match block["type"].as_str() {
            Some("text") => {
                pieces("text_delta", "text", block["text"].as_str().unwrap_or_default());
                begun["text"] = json!("");
            }
            Some("thinking") => {
                pieces("thinking_delta", "thinking", block["thinking"].as_str().unwrap_or_default());
                deltas.push(json!({"type": "signature_delta", "signature": block["signature"]}));
                begun["thinking"] = json!("");
                begun["signature"] = json!("");
            }
            Some("tool_use") => {
                pieces("input_json_delta", "partial_json", &block["input"].to_string());
                begun["input"] = json!({});
            }
            _ => {}
        }
        events.push(json!({"type": "content_block_start", "index": index, "content_block": begun}));
        events.extend(
            deltas
                .into_iter()
                .map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta})),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    events.push(json!({
        "type": "message_delta", "delta": {"stop_reason": stop_reason, "stop_sequence": null},
        "usage": {"output_tokens": 15},
    }));
    events.push(json!({"type": "message_stop"}));
    events
}

fn check(request: &Value, body: &[u8], secrets: &[&str]) -> Vec<String> {
    let mut wrong = invariants::check_body(body, secrets);
    if request["max_tokens"].as_u64().is_none_or(|most| most == 0) {
        wrong.push("there is no max_tokens".to_owned());
    }
    if String::from_utf8_lossy(body).matches("\"cache_control\"").count() > MOST_BREAKPOINTS {
        wrong.push("there are more breakpoints of the cache than are allowed".to_owned());
    }
    for tool in request["tools"].as_array().into_iter().flatten() {
        if !is_word(&tool["name"], 64) || tool["input_schema"]["type"] != "object" {
            wrong.push(format!("the tool {} is none", tool["name"]));
        }
    }
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (position, message) in messages.iter().enumerate() {
        let expected = if position % 2 == 0 { "user" } else { "assistant" };
        if message["role"] != expected {
            wrong.push(format!("message {position} is of {}, not of {expected}", message["role"]));
        }
        let blocks = message["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        if blocks.is_empty() {
            wrong.push(format!("message {position} is empty"));
        }
        let before = position.checked_sub(1).and_then(|before| messages.get(before));
        check_results(blocks, before, position, &mut wrong);
        for block in blocks {
            let is_blank = block["text"].as_str().is_none_or(|text| text.trim().is_empty());
            if block["type"] == "text" && is_blank {
                wrong.push(format!("message {position} has a blank text"));
            }
            if block["type"] == "tool_use" && !(is_word(&block["id"], 256) && block["input"].is_object()) {
                wrong.push(format!("message {position} has a call that is none"));
            }
            if block["type"].as_str().is_some_and(|kind| kind.contains("thinking"))
                && block.get("cache_control").is_some()
            {
                wrong.push(format!("message {position} has a breakpoint in a thought"));
            }
        }
    }
    if messages.last().is_none_or(|last| last["role"] != "user") {
        wrong.push("the last word is not the user's".to_owned());
    }
    wrong
}

/// The calls of the message before have their results here, each one, and first.
fn check_results(blocks: &[Value], before: Option<&Value>, position: usize, wrong: &mut Vec<String>) {
    let called = before.and_then(|before| before["content"].as_array()).into_iter().flatten();
    let called: HashSet<&str> =
        called.filter(|block| block["type"] == "tool_use").filter_map(|block| block["id"].as_str()).collect();
    let results = blocks.iter().take_while(|block| block["type"] == "tool_result");
    let leading: Vec<&str> = results.filter_map(|block| block["tool_use_id"].as_str()).collect();
    let all = blocks.iter().filter(|block| block["type"] == "tool_result").count();
    let distinct: HashSet<&str> = leading.iter().copied().collect();
    if distinct != called || leading.len() != all || leading.len() != distinct.len() {
        wrong.push(format!("message {position} does not begin with the results of the calls before it"));
    }
}

fn is_word(value: &Value, longest: usize) -> bool {
    value.as_str().is_some_and(|word| {
        (1..=longest).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    })
}
