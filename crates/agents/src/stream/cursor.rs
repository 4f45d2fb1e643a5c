use std::collections::VecDeque;

use kontor_core::{
    ids::TurnId,
    turn::{Sequence, TurnEvent},
};

use super::{EventId, StreamEvent};
use crate::stored::LoggedEvent;

/// How far a follower has come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cursor {
    pub(crate) seq: Sequence,
    /// Characters of the text in flight that were given.
    characters: u64,
    /// The same in bytes; unknown after coming back, until the text is seen.
    bytes: Option<usize>,
    /// Bytes of the reasoning in flight that were given; `None` for one who came in the middle of it.
    reasoning: Option<usize>,
}

impl Cursor {
    pub(crate) fn at(id: EventId) -> Self {
        Self {
            seq: id.seq,
            characters: id.offset.unwrap_or(0),
            bytes: if id.offset.is_none() { Some(0) } else { None },
            reasoning: if id.offset.is_none() { Some(0) } else { None },
        }
    }

    /// Gives the next logged event, if it is told, after what of the text it completes was not given yet.
    pub(crate) fn pass(&mut self, logged: &LoggedEvent, given: &mut VecDeque<StreamEvent>) {
        if let TurnEvent::MessageCompleted { turn, step, text, .. } = &*logged.event {
            given.extend(self.text(*turn, *step, text));
        }
        self.skip_to(logged.seq);
        if logged.event.is_told() {
            given.push_back(StreamEvent::Logged(logged.clone()));
        }
    }

    /// Goes on after an event, whether it was given or cannot be read.
    pub(crate) fn skip_to(&mut self, seq: Sequence) {
        if seq > self.seq {
            self.seq = seq;
            self.characters = 0;
            self.bytes = Some(0);
            self.reasoning = Some(0);
        }
    }

    /// Gives what of a step's text was not given yet.
    pub(crate) fn text(&mut self, turn: TurnId, step: u32, text: &str) -> Option<StreamEvent> {
        let start = self.bytes.unwrap_or_else(|| {
            let skipped = usize::try_from(self.characters).unwrap_or(usize::MAX);
            text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at)
        });
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        self.bytes = Some(text.len());
        self.characters += rest.chars().count() as u64;
        Some(StreamEvent::TextDelta { id: self.id_in_text(), turn, step, text: rest.to_owned() })
    }

    pub(crate) fn reasoning(&mut self, turn: TurnId, step: u32, reasoning: &str) -> Option<StreamEvent> {
        let rest = reasoning.get(self.reasoning?..).filter(|rest| !rest.is_empty())?;
        self.reasoning = Some(reasoning.len());
        Some(StreamEvent::ReasoningDelta { id: self.id_in_text(), turn, step, text: rest.to_owned() })
    }

    fn id_in_text(&self) -> EventId {
        EventId { seq: self.seq, offset: Some(self.characters) }
    }
}
