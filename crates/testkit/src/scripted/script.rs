//! One answer, as a test writes it.

use std::{io, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{MODEL, events};

/// An answer, built piece by piece: `Script::new().text("Let me look.").call("a", "deal.find", "{}")`.
///
/// The finish reason follows from the pieces unless [`finish`](Self::finish) says it; the stream ends with
/// `[DONE]` unless it is cut, stalled or [`without_done`](Self::without_done).
#[derive(Debug, Clone)]
pub struct Script {
    status: u16,
    headers: Vec<(String, String)>,
    error: Option<Value>,
    steps: Vec<Step>,
    calls: usize,
    finish: Option<String>,
    usage: Option<Value>,
    end: End,
}

#[derive(Debug, Clone)]
enum Step {
    Delta(Value),
    Raw(String),
    Pause(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    WithoutDone,
    /// After the pieces, with nothing added.
    Bare,
    /// The connection breaks.
    Cut,
    /// Nothing more comes, and the connection stays open.
    Stall,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            error: None,
            steps: Vec::new(),
            calls: 0,
            finish: None,
            usage: None,
            end: End::Done,
        }
    }
}

impl Script {
    pub fn new() -> Self {
        Self::default()
    }

    /// An error response with this status.
    pub fn status(status: u16, message: &str) -> Self {
        let error = json!({"error": {"message": message, "type": "server_error", "code": null}});
        Self { status, error: Some(error), ..Self::default() }
    }

    /// 429, asking to wait.
    pub fn rate_limited(retry_after_seconds: u32) -> Self {
        Self::status(429, "slow down").header("retry-after", &retry_after_seconds.to_string())
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Text, a word a chunk.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.steps.extend(text.split_inclusive(' ').map(|word| Step::Delta(json!({"content": word}))));
        self
    }

    #[must_use]
    pub fn reasoning(self, text: &str) -> Self {
        self.delta(json!({"reasoning_content": text}))
    }

    /// A tool call whose arguments come a few characters at a time. Dots in the name become underscores, as
    /// they are on the wire.
    #[must_use]
    pub fn call(mut self, id: &str, name: &str, arguments: &str) -> Self {
        let index = self.calls;
        self.calls += 1;
        let name = name.replace('.', "_");
        self.steps.push(Step::Delta(json!({"tool_calls": [{
            "index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""},
        }]})));
        let letters: Vec<char> = arguments.chars().collect();
        for piece in letters.chunks(7) {
            let piece: String = piece.iter().collect();
            self.steps.push(Step::Delta(
                json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
            ));
        }
        self
    }

    /// Two or more calls whose pieces are interleaved.
    #[must_use]
    pub fn calls(self, calls: &[(&str, &str, &str)]) -> Self {
        let mut lanes: Vec<Vec<Step>> = Vec::new();
        let mut script = self;
        for (id, name, arguments) in calls {
            let before = script.steps.len();
            script = script.call(id, name, arguments);
            lanes.push(script.steps.split_off(before));
        }
        let longest = lanes.iter().map(Vec::len).max().unwrap_or(0);
        for position in 0..longest {
            script.steps.extend(lanes.iter().filter_map(|lane| lane.get(position).cloned()));
        }
        script
    }

    /// Any `delta` object.
    #[must_use]
    pub fn delta(mut self, delta: Value) -> Self {
        self.steps.push(Step::Delta(delta));
        self
    }

    /// Bytes as they are: a comment, an error event, something that is no event at all.
    #[must_use]
    pub fn raw(mut self, text: &str) -> Self {
        self.steps.push(Step::Raw(text.to_owned()));
        self
    }

    /// Events of the Messages API, which name their type, and nothing else.
    #[must_use]
    pub fn events(mut self, events: &[Value]) -> Self {
        self.end = End::Bare;
        self.steps.extend(events.iter().map(|event| {
            let name = event["type"].as_str().unwrap_or_default();
            Step::Raw(format!("event: {name}\ndata: {event}\n\n"))
        }));
        self
    }

    /// An error response of the Messages API.
    pub fn refusal(status: u16, kind: &str, message: &str) -> Self {
        let error =
            json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"});
        Self { status, error: Some(error), ..Self::default() }
    }

    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
    }

    #[must_use]
    pub fn finish(mut self, reason: &str) -> Self {
        self.finish = Some(reason.to_owned());
        self
    }

    #[must_use]
    pub fn usage(mut self, input: u64, output: u64) -> Self {
        self.usage = Some(
            json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output}),
        );
        self
    }

    /// The connection breaks after the pieces.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.end = End::Cut;
        self
    }

    /// Nothing comes after the pieces.
    #[must_use]
    pub fn stall(mut self) -> Self {
        self.end = End::Stall;
        self
    }

    #[must_use]
    pub fn without_done(mut self) -> Self {
        self.end = End::WithoutDone;
        self
    }

    fn reason(&self) -> &str {
        self.finish.as_deref().unwrap_or(if self.calls > 0 { "tool_calls" } else { "stop" })
    }

    pub(super) fn respond(self, streamed: bool) -> Response {
        let mut response = match &self.error {
            Some(error) => {
                let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                (status, Json(error.clone())).into_response()
            }
            None if streamed => events(Body::from_stream(self.clone().stream())),
            None => Json(self.whole()).into_response(),
        };
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<axum::http::HeaderName>(), value.parse()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    fn stream(mut self) -> impl futures::Stream<Item = io::Result<Bytes>> {
        if matches!(self.end, End::Done | End::WithoutDone) {
            let finish = json!([{"index": 0, "delta": {}, "finish_reason": self.reason()}]);
            self.steps.push(Step::Raw(event(&chunk(finish))));
            if let Some(usage) = &self.usage {
                let mut last = chunk(json!([]));
                last["usage"] = usage.clone();
                self.steps.push(Step::Raw(event(&last)));
            }
        }
        if self.end == End::Done {
            self.steps.push(Step::Raw("data: [DONE]\n\n".to_owned()));
        }
        let pieces = stream::iter(self.steps).filter_map(|step| async move {
            match step {
                Step::Delta(delta) => {
                    let choices = json!([{"index": 0, "delta": delta, "finish_reason": null}]);
                    Some(Ok(Bytes::from(event(&chunk(choices)))))
                }
                Step::Raw(text) => Some(Ok(Bytes::from(text))),
                Step::Pause(pause) => {
                    tokio::time::sleep(pause).await;
                    None
                }
            }
        });
        let end = self.end;
        pieces.chain(stream::once(async move { end }).filter_map(|end| async move {
            match end {
                End::Done | End::WithoutDone | End::Bare => None,
                End::Cut => {
                    // Gives the pieces time to leave before the connection breaks.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Some(Err(io::Error::other("cut")))
                }
                End::Stall => futures::future::pending().await,
            }
        }))
    }

    /// The answer to a request that asked for no stream.
    fn whole(&self) -> Value {
        let mut text = String::new();
        let mut calls: Vec<Value> = Vec::new();
        for step in &self.steps {
            let Step::Delta(delta) = step else { continue };
            text.push_str(delta["content"].as_str().unwrap_or_default());
            for piece in delta["tool_calls"].as_array().into_iter().flatten() {
                let more = piece["function"]["arguments"].as_str().unwrap_or_default();
                match piece.get("id") {
                    Some(_) => calls.push(piece.clone()),
                    None => {
                        let position = piece["index"].as_u64().and_then(|index| usize::try_from(index).ok());
                        if let Some(call) = position.and_then(|position| calls.get_mut(position)) {
                            let before = call["function"]["arguments"].as_str().unwrap_or_default();
                            call["function"]["arguments"] = Value::String(format!("{before}{more}"));
                        }
                    }
                }
            }
        }
        let message = json!({"role": "assistant", "content": text, "tool_calls": calls});
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": self.reason()}],
            "usage": self.usage,
        })
    }
}

pub(super) fn chunk(choices: Value) -> Value {
    json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": choices})
}

pub(super) fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}
