use std::sync::Arc;

use kontor_core::{
    text::hex,
    time::Timestamp,
    turn::{Sequence, TurnEvent},
};

use sha2::{Digest as _, Sha256};

use crate::error::Error;

/// An event as it stands in the log. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    pub seq: Sequence,
    pub at: Timestamp,
    pub event: Arc<TurnEvent>,
    /// The event as JSON, `{"event": name, "data": {…}}`, written once for the log and every subscriber.
    text: Arc<str>,
}

impl LoggedEvent {
    pub(crate) fn new(seq: Sequence, at: Timestamp, event: Arc<TurnEvent>, text: Arc<str>) -> Self {
        Self { seq, at, event, text }
    }

    /// The event's name on the wire.
    pub fn name(&self) -> &'static str {
        self.event.name()
    }

    /// The event's data as JSON text, in one line.
    pub fn data(&self) -> &str {
        // The text is written by `Draft` alone, name first.
        let start = r#"{"event":"","data":"#.len() + self.name().len();
        self.text.get(start..self.text.len().saturating_sub(1)).unwrap_or("{}")
    }
}

/// An event that is not in the log yet.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) event: Arc<TurnEvent>,
    pub(crate) text: Arc<str>,
    /// What a model was sent and is not kept yet, to be kept with the event.
    pub(crate) sent: Option<Arc<[SentText]>>,
}

/// A text that a model was sent: a prompt, or the definitions of tools as JSON.
#[derive(Debug, Clone)]
pub(crate) struct SentText {
    pub(crate) digest: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl SentText {
    pub(crate) fn new(text: Arc<str>) -> Self {
        let digest = Sha256::digest(text.as_bytes());
        // Half of it tells any two texts apart.
        Self { digest: hex(&digest[..16]).into(), text }
    }
}

impl Draft {
    pub(crate) fn new(event: TurnEvent) -> Result<Self, Error> {
        let text = serde_json::to_string(&event)?.into();
        Ok(Self { event: Arc::new(event), text, sent: None })
    }

    pub(crate) fn all(events: Vec<TurnEvent>) -> Result<Vec<Self>, Error> {
        events.into_iter().map(Self::new).collect()
    }

    pub(crate) fn logged(&self, seq: Sequence, at: Timestamp) -> LoggedEvent {
        LoggedEvent::new(seq, at, self.event.clone(), self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::ids::TurnId;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_data_of_an_event_is_its_json_without_the_name() {
        let event = TurnEvent::StepStarted { turn: TurnId(Uuid::nil()), step: 3 };
        let draft = Draft::new(event).unwrap();
        let logged = draft.logged(1, Timestamp::EPOCH);
        let data: serde_json::Value = serde_json::from_str(logged.data()).unwrap();
        assert_eq!(data, serde_json::json!({"turn": Uuid::nil(), "step": 3}));
        assert_eq!(logged.name(), "step.started");
    }
}
