//! The earlier turns of a session, as the model is shown them.

use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

use kontor_core::{
    cache::Cache,
    ids::{AgentId, MemberId, SessionId, TurnId},
    text,
    turn::{Done, Sequence, TurnEvent},
};
use kontor_models::{Message, ToolCall, tokens::estimate};
use serde_json::json;

use crate::{
    limits::Limits,
    log::{LogSlice, SessionAgents},
    machine::{self, End, Page, State},
};

/// Conversations that are remembered between turns.
const REMEMBERED: usize = 500;

/// Characters that are left of a tool's result which has to make room.
const SHORT_RESULT: usize = 300;

/// What a summary is told of a message, in characters: of a text, of a call's arguments, of a tool's result.
pub(crate) const TOLD_TEXT: usize = 4_000;
pub(crate) const TOLD_ARGUMENTS: usize = 400;
pub(crate) const TOLD_RESULT: usize = 600;

/// How many times the characters that are shown are kept at most, whole results counted.
const MOST_KEPT: usize = 32;

/// Turns to come before a summary is asked for again, after one that could not be made.
const REST: u32 = 4;

/// What the model reads before a summary, as if it had been asked for it: so the summary stands in the model's own
/// words, and roles alternate.
const ASKED: &str = "(The earlier messages of this conversation are not shown any more. Sum them up.)";

/// The same before what was done.
const ASKED_DONE: &str = "(What you did last ended early and is not shown any more. What was done by then?)";

/// Who is shown a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Reader {
    /// Whom the agent acts for, where that is another than the session's member.
    pub(crate) by: Option<MemberId>,
    /// The agent; none while the session awaits one.
    pub(crate) agent: Option<AgentId>,
}

/// The ended turns of a session, oldest first: whole turns only, and what was made of those before them.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    reader: Reader,
    summary: Option<Summary>,
    turns: VecDeque<Past>,
    /// What the newest turns did, as far as they ended early: with the number of each one's last event. It outlasts a
    /// summary of them, which need not hold it.
    unfinished: Vec<(Sequence, Arc<str>)>,
    characters: usize,
    /// As far as a summary is told of them.
    told: usize,
    /// Turns to come before a summary is asked for.
    rest: u32,
}

/// What stands in the place of turns that are shown no longer.
#[derive(Debug, Clone)]
struct Summary {
    text: Arc<str>,
    tokens: usize,
}

/// A turn that ended.
#[derive(Debug, Clone)]
pub(crate) struct Past {
    /// The number of its last event.
    pub(crate) last: Sequence,
    messages: Arc<[Message]>,
    pub(crate) characters: usize,
    told: usize,
    /// Counted when they are asked for first: not every model's window is known.
    tokens: OnceLock<usize>,
    /// With the results of tools cut, and the tokens of that.
    short: OnceLock<(Arc<[Message]>, usize)>,
}

/// Whose an earlier turn is, as its reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    OtherMember,
    OtherAgent,
}

impl Past {
    fn new(state: &State, last: Sequence, page: Page, whose: Whose) -> Self {
        let messages = match whose {
            Whose::OtherMember => machine::messages_of_another(state),
            Whose::OtherAgent => machine::messages_of_another_agent(state),
            Whose::Own => machine::messages(state, page),
        };
        let characters = messages.iter().map(length).sum();
        let told = messages.iter().map(told).sum();
        let (tokens, short) = Default::default();
        Self { last, messages: messages.into(), characters, told, tokens, short }
    }

    pub(crate) fn messages(&self) -> &Arc<[Message]> {
        &self.messages
    }

    /// Tokens of it, estimated.
    pub(crate) fn tokens(&self) -> usize {
        *self.tokens.get_or_init(|| self.messages.iter().map(tokens).sum())
    }

    /// It with no more of the results of tools than their beginnings, and the tokens of that.
    pub(crate) fn short(&self) -> (&Arc<[Message]>, usize) {
        let (messages, tokens) = self.short.get_or_init(|| {
            let short: Arc<[Message]> =
                self.messages.iter().map(|message| cut(message).into_owned()).collect();
            let tokens = short.iter().map(tokens).sum();
            (short, tokens)
        });
        (messages, *tokens)
    }
}

impl History {
    /// Nothing, for this reader.
    pub(crate) fn of(reader: Reader) -> Self {
        Self { reader, ..Self::default() }
    }

    /// Whether it is what this one is shown.
    pub(crate) fn is_of(&self, reader: Reader) -> bool {
        self.reader == reader
    }

    /// It is this agent's now, which is the first that its session has.
    pub(crate) fn give_to(&mut self, agent: AgentId) {
        self.reader.agent = Some(agent);
    }

    /// The history that a log holds before the turn `current`, for whoever runs that; a turn whose beginning is not in it,
    /// or of which something cannot be read, is left out. `had` are the agents that the session had.
    pub(crate) fn read(
        log: &LogSlice,
        current: TurnId,
        reader: Reader,
        had: &SessionAgents,
        limits: &Limits,
    ) -> Self {
        let mut states: Vec<(State, Sequence)> = Vec::new();
        let mut history = Self::of(reader);
        let mut through = 0;
        for logged in &log.events {
            let turn = logged.event.turn();
            if let TurnEvent::HistorySummarized { through: last, text, .. } = &*logged.event {
                // One that was made for another member may tell of more than this one may read.
                let of_another = |(state, _): &(State, Sequence)| state.turn == turn && state.by != reader.by;
                if had.have_summary(&logged.event) && !states.iter().any(of_another) {
                    through = *last;
                    history.summary = Some(Summary::new(text));
                }
            }
            if turn == current || log.damaged.contains(&turn) {
                continue;
            }
            if matches!(*logged.event, TurnEvent::TurnStarted { .. }) {
                states.push((State::new(turn), logged.seq));
            }
            if let Some((state, last)) = states.iter_mut().rev().find(|(state, _)| state.turn == turn) {
                state.apply(&logged.event);
                *last = logged.seq;
            }
        }
        for (state, last) in &states {
            let is_other = had.of_others.contains_key(&state.turn);
            if *last > through {
                let agent_is = if is_other { Whose::OtherAgent } else { Whose::Own };
                history.take_in(state, *last, limits, agent_is);
            } else {
                history.note_done(state, *last, !is_other);
            }
        }
        history
    }

    /// Takes in a turn of this agent that ended, whose last event is number `last`.
    pub(crate) fn push(&mut self, state: &State, last: Sequence, limits: &Limits) {
        self.take_in(state, last, limits, Whose::Own);
    }

    /// Takes in a turn that ended. What is beyond the limits stays until there is a
    /// summary of it, up to twice of them, by what the summary is told: one long result must not make the turns before
    /// it vanish.
    fn take_in(&mut self, state: &State, last: Sequence, limits: &Limits, agent_is: Whose) {
        self.note_done(state, last, agent_is == Whose::Own);
        let whose = if state.by == self.reader.by { agent_is } else { Whose::OtherMember };
        let past = Past::new(state, last, Page::usual(limits), whose);
        self.characters += past.characters;
        self.told += past.told;
        self.turns.push_back(past);
        self.rest = if state.has_dropped { REST } else { self.rest.saturating_sub(1) };
        let is_over = |this: &Self| {
            this.turns.len() > limits.history_turns.saturating_mul(2)
                || this.told > limits.history_characters.saturating_mul(2)
                || this.characters > limits.history_characters.saturating_mul(MOST_KEPT)
        };
        // The newest stays however long it is: it is what the next message goes on from.
        while self.turns.len() > 1 && is_over(self) {
            self.pop();
        }
    }

    /// Takes in what a turn did that ended early, for the one that goes on from it.
    fn note_done(&mut self, state: &State, last: Sequence, is_own: bool) {
        if state.by != self.reader.by {
            return;
        }
        if !matches!(state.end, Some(End::Failed | End::Cancelled)) {
            self.unfinished.clear();
            return;
        }
        let words = |done: Done| match done.record.filter(|_| is_own && state.is_own(done.step)) {
            Some(record) => format!("{} (id {record})", done.words()),
            None if is_own && state.is_own(done.step) => done.words(),
            // Of a record that this agent may not be allowed to read, no more than that it was done.
            None => format!("{} (by another agent)", Done { name: String::new(), ..done }.words()),
        };
        let done: Vec<_> = state.done().into_iter().map(words).collect();
        if !done.is_empty() {
            self.unfinished.push((last, done.join(", ").into()));
        }
    }

    /// As messages, what the newest turns did that ended early, where one of them is not among so many that are shown.
    pub(crate) fn done_beyond(&self, shown: usize) -> Option<[Message; 2]> {
        let first = self.turns.iter().rev().take(shown).last();
        let (oldest, _) = self.unfinished.first()?;
        if first.is_some_and(|first| first.last <= *oldest) {
            return None;
        }
        let done: Vec<&str> = self.unfinished.iter().map(|(_, words)| &**words).collect();
        let text = format!("Done: {}. It stays done, and I do not do it again.", done.join(", ")).into();
        let said = Message::Assistant { text, tool_calls: Vec::new(), carried: None };
        Some([Message::User(ASKED_DONE.into()), said])
    }

    /// Has a summary in the place of the turns up to an event.
    pub(crate) fn sum_up(&mut self, through: Sequence, text: &str) {
        self.summary = Some(Summary::new(text));
        while self.turns.front().is_some_and(|past| past.last <= through) {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(oldest) = self.turns.pop_front() {
            self.characters -= oldest.characters;
            self.told -= oldest.told;
        }
    }

    /// The turns, oldest first.
    pub(crate) fn turns(&self) -> &VecDeque<Past> {
        &self.turns
    }

    /// The tokens of all turns, estimated.
    pub(crate) fn tokens(&self) -> usize {
        self.turns.iter().map(Past::tokens).sum()
    }

    /// What was made of the turns before these.
    pub(crate) fn summary(&self) -> Option<&str> {
        self.summary.as_ref().map(|summary| &*summary.text)
    }

    /// The same as messages, with their tokens.
    pub(crate) fn summary_messages(&self) -> Option<([Message; 2], usize)> {
        let summary = self.summary.as_ref()?;
        let said = Message::Assistant { text: summary.text.clone(), tool_calls: Vec::new(), carried: None };
        Some(([Message::User(ASKED.into()), said], summary.tokens))
    }

    /// Whether a summary may be asked for: not shortly after one that could not be made.
    pub(crate) fn may_be_summed_up(&self) -> bool {
        self.rest == 0
    }
}

impl Summary {
    fn new(text: &str) -> Self {
        Self { text: text.into(), tokens: 2 * FRAME + estimate(ASKED) + estimate(text) }
    }
}

/// A message with no more of a tool's result than its beginning.
pub(crate) fn cut(message: &Message) -> Cow<'_, Message> {
    match message {
        Message::Tool { call_id, name, content } if content.len() > 2 * SHORT_RESULT => {
            let beginning = text::excerpt(content, SHORT_RESULT);
            let content = json!({"cut": "to make room; call again for all of it", "beginning": beginning});
            Cow::Owned(Message::Tool {
                call_id: call_id.clone(),
                name: name.clone(),
                content: content.to_string().into(),
            })
        }
        other => Cow::Borrowed(other),
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

/// As much of a message as a summary is told.
fn told(message: &Message) -> usize {
    match message {
        Message::System(text) | Message::User(text) => text.len().min(TOLD_TEXT),
        Message::Assistant { text, tool_calls, .. } => {
            let calls =
                tool_calls.iter().map(|call| call.name.len() + call.arguments.len().min(TOLD_ARGUMENTS));
            text.len().min(TOLD_TEXT) + calls.sum::<usize>()
        }
        Message::Tool { content, .. } => content.len().min(TOLD_RESULT),
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
