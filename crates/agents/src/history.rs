//! The earlier turns of a session, as the model is shown them.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

use kontor_core::{
    cache::Cache,
    ids::{SessionId, TurnId},
    turn::{Sequence, TurnEvent},
};
use kontor_models::{Message, ToolCall, tokens::estimate};

use crate::{
    limits::Limits,
    log::LogSlice,
    machine::{self, State},
};

/// Conversations that are remembered between turns.
const REMEMBERED: usize = 500;

/// The ended turns of a session, oldest first: whole turns only, as many as the limits allow.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    turns: VecDeque<Past>,
    characters: usize,
}

#[derive(Debug, Clone)]
struct Past {
    messages: Arc<[Message]>,
    characters: usize,
    /// Counted when they are asked for first: not every model's window is known.
    tokens: OnceLock<usize>,
}

impl History {
    /// The history that a log's tail holds before the turn `current`; a turn whose beginning is not in it, or
    /// of which something cannot be read, is left out.
    pub(crate) fn read(log: &LogSlice, current: TurnId, limits: &Limits) -> Self {
        let mut states: Vec<State> = Vec::new();
        for logged in &log.events {
            let turn = logged.event.turn();
            if turn == current || log.damaged.contains(&turn) {
                continue;
            }
            if matches!(*logged.event, TurnEvent::TurnStarted { .. }) {
                states.push(State::new(turn));
            }
            if let Some(state) = states.iter_mut().rev().find(|state| state.turn == turn) {
                state.apply(&logged.event);
            }
        }
        let mut history = Self::default();
        for state in &states {
            history.push(state, limits);
        }
        history
    }

    /// Takes in a turn that ended, and drops the oldest beyond the limits.
    pub(crate) fn push(&mut self, state: &State, limits: &Limits) {
        let messages = machine::messages(state);
        let characters = messages.iter().map(length).sum();
        self.characters += characters;
        self.turns.push_back(Past { messages: messages.into(), characters, tokens: OnceLock::new() });
        let is_over = |this: &Self| {
            this.turns.len() > limits.history_turns || this.characters > limits.history_characters
        };
        // The newest stays however long it is: it is what the next message goes on from.
        while self.turns.len() > 1 && is_over(self) {
            let Some(oldest) = self.turns.pop_front() else { break };
            self.characters -= oldest.characters;
        }
    }

    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.turns.iter().flat_map(|past| past.messages.iter())
    }

    /// The turns, oldest first, each with its messages.
    pub(crate) fn turns(&self) -> impl DoubleEndedIterator<Item = &[Message]> {
        self.turns.iter().map(|past| &*past.messages)
    }

    /// The tokens of all of them, estimated.
    pub(crate) fn tokens(&self) -> usize {
        let count = |past: &Past| *past.tokens.get_or_init(|| past.messages.iter().map(tokens).sum());
        self.turns.iter().map(count).sum()
    }
}

/// Tokens that providers put around a message.
const FRAME: usize = 6;

/// The tokens of a message, estimated.
pub(crate) fn tokens(message: &Message) -> usize {
    FRAME
        + match message {
            Message::System(text) | Message::User(text) => estimate(text),
            Message::Assistant { text, tool_calls, carried } => {
                let carried = carried.as_ref().map_or(0, |carried| estimate(carried.value.as_str()));
                let calls = tool_calls.iter().map(|call| {
                    let extra = call.extra.as_ref().map_or(0, |extra| estimate(extra.as_str()));
                    FRAME + estimate(&call.name) + estimate(&call.arguments) + extra
                });
                estimate(text) + carried + calls.sum::<usize>()
            }
            Message::Tool { content, .. } => estimate(content),
        }
}

fn length(message: &Message) -> usize {
    match message {
        Message::System(text) | Message::User(text) => text.len(),
        Message::Assistant { text, tool_calls, carried } => {
            let carried = carried.as_ref().map_or(0, |carried| carried.value.as_str().len());
            let extra = |call: &ToolCall| call.extra.as_ref().map_or(0, |extra| extra.as_str().len());
            let calls = tool_calls.iter().map(|call| call.name.len() + call.arguments.len() + extra(call));
            text.len() + carried + calls.sum::<usize>()
        }
        Message::Tool { content, .. } => content.len(),
    }
}

/// Histories by session, each as of a place in its log: one that the log has passed is read anew.
pub(crate) struct Histories(Cache<SessionId, (Sequence, Arc<History>)>);

impl Default for Histories {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Histories {
    /// The history of a session whose log ends at `last`, if it is remembered.
    pub(crate) fn take(&self, session: SessionId, last: Sequence) -> Option<Arc<History>> {
        self.0.remove(&session).filter(|(seq, _)| *seq == last).map(|(_, history)| history)
    }

    pub(crate) fn put(&self, session: SessionId, last: Sequence, history: Arc<History>) {
        self.0.insert(session, (last, history));
    }
}
