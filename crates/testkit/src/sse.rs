//! Server-sent events as a client reads them.

use std::pin::Pin;

use bytes::Bytes;
use eventsource_stream::Eventsource as _;
use futures::{Stream, StreamExt as _};
use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: Value,
}

impl Event {
    /// Whether nothing follows in its turn.
    pub fn ends_turn(&self) -> bool {
        matches!(self.name.as_str(), "turn.completed" | "turn.failed" | "turn.cancelled")
    }

    /// Whether it is in the log, rather than a piece of text in flight.
    pub fn is_logged(&self) -> bool {
        !self.name.ends_with(".delta")
    }
}

/// The events of a response's body, until it ends or breaks.
pub fn events<E: std::error::Error + Send + 'static>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> Pin<Box<dyn Stream<Item = Event> + Send>> {
    Box::pin(body.eventsource().take_while(|event| std::future::ready(event.is_ok())).filter_map(|event| {
        std::future::ready(event.ok().map(|event| Event {
            id: event.id,
            name: event.event,
            data: serde_json::from_str(&event.data).unwrap_or(Value::Null),
        }))
    }))
}

/// The text that a reader holds after these events: what a restarted step had said is void.
pub fn text_of<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut text = String::new();
    let mut step_begins = 0;
    for event in events {
        match event.name.as_str() {
            "step.started" => step_begins = text.len(),
            "step.restarted" => text.truncate(step_begins),
            "text.delta" => text.push_str(event.data["text"].as_str().unwrap_or_default()),
            _ => {}
        }
    }
    text
}
