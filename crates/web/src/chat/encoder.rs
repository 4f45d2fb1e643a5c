//! Turns a session's events into the messages of the page's event stream.
//!
//! Every message replaces what it names (a turn's state, some blocks of a step's text, a tool call's card),
//! so the page shows the same whether it saw a message once or twice. The id of a message is the number of
//! the last logged event it follows: a page that returns with it is given the text in flight from its
//! beginning, which replaces the blocks it has.

use std::time::Duration;

use kontor_core::{
    ids::TurnId,
    time::Timestamp,
    turn::{Sequence, TurnEvent},
};
use serde_json::{Value as Json, json};

use super::{
    fragments::Fragments,
    transcript::{CallState, Change, Transcript},
};

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub id: Sequence,
    pub name: &'static str,
    pub data: Json,
}

/// The state of one subscriber.
pub(crate) struct Encoder {
    transcript: Transcript,
    fragments: Fragments,
    /// The last logged event that was encoded.
    last: Sequence,
    /// The step whose text grew since it was last rendered.
    grown: Option<(TurnId, u32)>,
    /// How long to gather text before the next rendering.
    rest: Duration,
}

impl Encoder {
    /// An encoder for a page that shows this transcript, folded from the log up to `last`.
    pub(crate) fn new(transcript: Transcript, last: Sequence, fragments: Fragments) -> Self {
        Self { transcript, fragments, last, grown: None, rest: Duration::ZERO }
    }

    pub(crate) fn fragments(&self) -> &Fragments {
        &self.fragments
    }

    pub(crate) fn fragments_mut(&mut self) -> &mut Fragments {
        &mut self.fragments
    }

    /// Takes up more text of a step in flight. Nothing is sent until [`Self::flush`].
    pub(crate) fn text(&mut self, turn: TurnId, step: u32, text: &str) -> Vec<Message> {
        let flushed =
            if self.grown.is_some_and(|grown| grown != (turn, step)) { self.flush() } else { vec![] };
        if let Some(step_view) = self.transcript.step_mut(turn, step) {
            step_view.prose.push(text);
            self.grown = Some((turn, step));
        }
        flushed
    }

    /// Takes up more of what a model thinks. Nothing is sent until [`Self::flush`].
    pub(crate) fn thought(&mut self, turn: TurnId, step: u32, text: &str) -> Vec<Message> {
        let flushed =
            if self.grown.is_some_and(|grown| grown != (turn, step)) { self.flush() } else { vec![] };
        if let Some(view) = self.transcript.step_mut(turn, step) {
            view.thought.push(text);
            self.grown = Some((turn, step));
        }
        flushed
    }

    /// Whether there is text that has not been sent.
    pub(crate) fn has_grown(&self) -> bool {
        self.grown.is_some()
    }

    /// How long text is best gathered before it is sent again.
    pub(crate) fn rest(&self) -> Duration {
        self.rest
    }

    /// Sends what [`Self::text`] has taken up.
    pub(crate) fn flush(&mut self) -> Vec<Message> {
        let Some((turn, step)) = self.grown.take() else { return Vec::new() };
        self.said(turn, step)
    }

    /// Notes when what is taken up next was logged.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.transcript.set_now(now);
    }

    /// Takes up a logged event. One that was encoded before changes nothing.
    pub(crate) fn logged(&mut self, sequence: Sequence, event: &TurnEvent) -> Vec<Message> {
        if sequence <= self.last {
            return Vec::new();
        }
        // Text in flight is part of what this event completes or voids; it need not be sent before.
        self.grown = None;
        let first_sight = matches!(event, TurnEvent::TurnStarted { .. });
        // A message taken out of the queue never began, so the log does not hold it.
        let never_began = event.ends_turn() && self.transcript.turn(event.turn()).is_none();
        let change = self.transcript.apply(event);
        self.last = sequence;
        let mut messages: Vec<Message> = match change {
            Change::Nothing => vec![],
            Change::Turn(turn) => self.turn(turn, first_sight).into_iter().collect(),
            Change::Prose(turn, step) => self.said(turn, step),
            Change::Call(turn, step, index) => self.call(turn, step, index).into_iter().collect(),
            Change::Approval(turn, step, index) => {
                self.call(turn, step, index).into_iter().chain(self.turn(turn, false)).collect()
            }
            Change::Note(turn) => self.note(turn).into_iter().collect(),
            Change::Agent(turn) => self.agent(turn).into_iter().collect(),
            Change::End(turn) => {
                let never_ran: Vec<_> =
                    self.transcript.turn(turn).map(|turn| turn.not_run().collect()).unwrap_or_default();
                let cards = never_ran.iter().filter_map(|(step, index)| self.call(turn, *step, *index));
                cards.chain(self.turn(turn, first_sight)).collect()
            }
        };
        if never_began {
            messages.push(self.message("turn", json!({ "turn": event.turn(), "state": "gone", "foot": "" })));
        } else if messages.is_empty() {
            // The page must know how far it is, or it would be sent this event again.
            messages.push(self.message("seen", json!({})));
        }
        if event.ends_turn() {
            self.transcript.keep_last(KEPT_TURNS);
        }
        messages
    }

    fn message(&self, name: &'static str, data: Json) -> Message {
        Message { id: self.last, name, data }
    }

    fn turn(&self, id: TurnId, whole: bool) -> Option<Message> {
        let turn = self.transcript.turn(id)?;
        let mut data = json!({
            "turn": id,
            "state": turn.state.word(),
            "foot": self.fragments.foot(turn),
        });
        if whole {
            data["html"] = self.fragments.turn(turn).into();
        }
        Some(self.message("turn", data))
    }

    fn note(&self, id: TurnId) -> Option<Message> {
        let html = self.fragments.note(self.transcript.turn(id)?);
        Some(self.message("note", json!({ "turn": id, "html": html })))
    }

    /// The agent that the chat is with now, for the page's head, and what its turn says of it.
    fn agent(&mut self, id: TurnId) -> Option<Message> {
        let turn = self.transcript.turn(id)?;
        let arrival = turn.arrival()?;
        let data = json!({
            "turn": id,
            "html": self.fragments.note(turn),
            "after": self.fragments.arrivals(turn),
            "agent": arrival.agent,
            "id": arrival.id,
            "reason": arrival.reason,
        });
        self.fragments.goes_to(&arrival.agent);
        Some(self.message("agent", data))
    }

    /// What a step thinks and says, as far as the page lacks it.
    fn said(&mut self, turn: TurnId, step: u32) -> Vec<Message> {
        let thought = self.thoughts(turn, step);
        thought.into_iter().chain(self.prose(turn, step)).collect()
    }

    fn thoughts(&mut self, turn: TurnId, step: u32) -> Option<Message> {
        let id = self.last;
        let piece = self.transcript.step_mut(turn, step)?.thought.piece()?;
        let data = json!({ "turn": turn, "step": step, "from": piece.from, "text": piece.text });
        Some(Message { id, name: "thought", data })
    }

    fn prose(&mut self, turn: TurnId, step: u32) -> Option<Message> {
        let rendered = self.transcript.step_mut(turn, step)?.prose.render();
        self.rest = rendered.rest;
        let data = json!({
            "turn": turn,
            "step": step,
            "count": rendered.count,
            "blocks": rendered.changed,
        });
        Some(self.message("blocks", data))
    }

    fn call(&self, id: TurnId, step: u32, index: u32) -> Option<Message> {
        let turn = self.transcript.turn(id)?;
        let call = turn
            .steps
            .iter()
            .find(|view| view.number == step)
            .and_then(|view| view.calls.iter().find(|call| call.index == index))?;
        let data = json!({
            "turn": id,
            "step": step,
            "index": index,
            "html": self.fragments.call(turn, call),
            "label": self.fragments.call_label(call),
            "waiting": matches!(call.state, CallState::Waiting(_)),
        });
        Some(self.message("call", data))
    }
}

/// Turns that are over are no longer needed to encode what comes.
const KEPT_TURNS: usize = 4;
