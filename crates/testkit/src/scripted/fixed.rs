//! Precomputed answers, for benchmarks.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    response::Response,
    routing::{get, post},
};
use serde_json::{Value, json};

use super::{
    events, models,
    script::{chunk, event},
};

const PIECES: usize = 40;
const ID_PLACE: &str = "ID_PLACE";

/// The two answers of a benchmark's turn.
#[derive(Debug, Clone)]
pub struct Fixed {
    call_before_id: Bytes,
    call_after_id: Bytes,
    reply: Bytes,
    whole: Value,
}

impl Fixed {
    /// A turn that calls `tool` (by its name on the wire) with these arguments, sent in five pieces, and
    /// then replies in 40.
    pub fn new(tool: &str, arguments: &Value) -> Self {
        let choice = |delta: Value, finish: Value| {
            event(&chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}])))
        };
        let mut call = choice(
            json!({"role": "assistant", "content": null, "tool_calls": [{
                "index": 0, "id": ID_PLACE, "type": "function", "function": {"name": tool, "arguments": ""},
            }]}),
            Value::Null,
        );
        let letters: Vec<char> = arguments.to_string().chars().collect();
        for piece in letters.chunks(letters.len().div_ceil(5).max(1)) {
            let piece: String = piece.iter().collect();
            let delta = json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]});
            call.push_str(&choice(delta, Value::Null));
        }
        call.push_str(&choice(json!({}), json!("tool_calls")));
        call.push_str("data: [DONE]\n\n");
        let (before, after) = call.split_once(ID_PLACE).unwrap_or((&call, ""));

        let mut reply = String::new();
        let mut text = String::new();
        for number in 1..=PIECES {
            let word = format!("word{number} ");
            reply.push_str(&choice(json!({"content": word}), Value::Null));
            text.push_str(&word);
        }
        reply.push_str(&choice(json!({}), json!("stop")));
        reply.push_str("data: [DONE]\n\n");
        Self {
            call_before_id: Bytes::copy_from_slice(before.as_bytes()),
            call_after_id: Bytes::copy_from_slice(after.as_bytes()),
            reply: reply.into(),
            whole: json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}),
        }
    }

    pub(super) fn router(self) -> Router {
        let state = Arc::new((self, AtomicU64::new(0)));
        Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .layer(DefaultBodyLimit::disable())
            .with_state(state)
    }
}

async fn complete(State(state): State<Arc<(Fixed, AtomicU64)>>, body: Bytes) -> Response {
    let (fixed, calls) = &*state;
    if !contains(&body, b"\"stream\":true") {
        return axum::response::IntoResponse::into_response(Json(fixed.whole.clone()));
    }
    if last_role(&body) == Some(b't') {
        return events(Body::from(fixed.reply.clone()));
    }
    // Ids differ, because the calls of one conversation are told apart by them.
    let id = format!("call_{}", calls.fetch_add(1, Ordering::Relaxed));
    let mut bytes = Vec::with_capacity(fixed.call_before_id.len() + id.len() + fixed.call_after_id.len());
    bytes.extend_from_slice(&fixed.call_before_id);
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(&fixed.call_after_id);
    events(Body::from(bytes))
}

/// The first letter of the last message's role, found without parsing. A quote within a text is escaped, so
/// the sequence searched for stands nowhere but at a role.
fn last_role(body: &[u8]) -> Option<u8> {
    const ROLE: &[u8] = b"\"role\":\"";
    let found = body.windows(ROLE.len()).rposition(|window| window == ROLE)?;
    body.get(found + ROLE.len()).copied()
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}
