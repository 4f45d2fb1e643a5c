use std::{fmt, str::FromStr};

use kontor_core::{
    ids::TurnId,
    turn::{Sequence, TurnEvent},
};
use serde::{Serialize, Serializer};

use crate::stored::LoggedEvent;

/// The place of an event in a session's stream: `12` for a logged event, `12.345` within the text that is
/// said after it. The offset counts Unicode scalar values of the step's text given so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventId {
    pub seq: Sequence,
    pub offset: Option<u64>,
}

/// The text given where an event's id was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no id of an event, such as 12 or 12.345")]
pub struct InvalidEventId(String);

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            None => write!(f, "{}", self.seq),
            Some(offset) => write!(f, "{}.{offset}", self.seq),
        }
    }
}

impl FromStr for EventId {
    type Err = InvalidEventId;

    fn from_str(text: &str) -> Result<Self, InvalidEventId> {
        let parse = || {
            let (seq, offset) = match text.split_once('.') {
                Some((seq, offset)) => (seq, Some(offset.parse().ok()?)),
                None => (text, None),
            };
            let seq = seq.parse().ok().filter(|seq| *seq >= 0)?;
            Some(Self { seq, offset })
        };
        parse().ok_or_else(|| InvalidEventId(text.chars().take(60).collect()))
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a follower of a session is given.
#[derive(Debug, Clone)]
pub enum StreamEvent {
    Logged(LoggedEvent),
    /// A piece of the text of a step. The pieces joined are the text of the `message.completed` that
    /// follows, also for one who was away; `step.restarted` voids them.
    TextDelta {
        id: EventId,
        turn: TurnId,
        step: u32,
        text: String,
    },
    /// A piece of the reasoning, for those who are there; the whole stands in `message.completed`.
    ReasoningDelta {
        id: EventId,
        turn: TurnId,
        step: u32,
        text: String,
    },
}

impl StreamEvent {
    pub fn id(&self) -> EventId {
        match self {
            Self::Logged(logged) => EventId { seq: logged.seq, offset: None },
            Self::TextDelta { id, .. } | Self::ReasoningDelta { id, .. } => *id,
        }
    }

    /// The event's name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Logged(logged) => logged.name(),
            Self::TextDelta { .. } => "text.delta",
            Self::ReasoningDelta { .. } => "reasoning.delta",
        }
    }

    /// The event's data as JSON text, in one line.
    pub fn data(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Logged(logged) => logged.data().into(),
            Self::TextDelta { turn, step, text, .. } | Self::ReasoningDelta { turn, step, text, .. } => {
                format!(
                    r#"{{"turn":"{turn}","step":{step},"text":{}}}"#,
                    serde_json::Value::from(text.as_str()),
                )
                .into()
            }
        }
    }

    pub fn turn(&self) -> TurnId {
        match self {
            Self::Logged(logged) => logged.event.turn(),
            Self::TextDelta { turn, .. } | Self::ReasoningDelta { turn, .. } => *turn,
        }
    }

    /// The logged event, where it is one.
    pub fn logged(&self) -> Option<&TurnEvent> {
        match self {
            Self::Logged(logged) => Some(&logged.event),
            Self::TextDelta { .. } | Self::ReasoningDelta { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_their_text_form() {
        for text in ["0", "12", "12.345", "7.0"] {
            assert_eq!(text.parse::<EventId>().unwrap().to_string(), text);
        }
        for wrong in ["", "a", "-1", "1.", "1.x", "1.2.3", ".5", "99999999999999999999"] {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
        }
    }
}
