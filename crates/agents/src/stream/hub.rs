use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    ops::Deref,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use kontor_core::{
    ids::{SessionId, TurnId, WorkspaceId},
    turn::Sequence,
};
use tokio::sync::watch;

use super::{Cursor, StreamEvent};
use crate::stored::LoggedEvent;

/// Logged events of a session that are kept in memory while it is followed or runs.
const KEPT: usize = 128;

type Key = (WorkspaceId, SessionId);

/// The sessions that run or are followed in this process.
#[derive(Clone, Default)]
pub(crate) struct Hub(Arc<Shared>);

#[derive(Default)]
struct Shared {
    channels: Mutex<HashMap<Key, Open>>,
    closed: AtomicBool,
}

/// A channel that somebody has, and how many do.
#[derive(Default)]
struct Open {
    channel: Arc<Channel>,
    handles: usize,
}

impl Hub {
    /// A session's channel, made when nobody has it.
    pub(crate) fn open(&self, workspace: WorkspaceId, session: SessionId) -> Handle {
        let key = (workspace, session);
        let mut channels = self.channels();
        let open = channels.entry(key).or_default();
        open.handles += 1;
        Handle { hub: self.clone(), key, channel: open.channel.clone() }
    }

    /// Tells events to a session's followers in this process.
    pub(crate) fn publish(&self, workspace: WorkspaceId, session: SessionId, events: &[LoggedEvent]) {
        let channel = self.channels().get(&(workspace, session)).map(|open| open.channel.clone());
        if let Some(channel) = channel {
            channel.publish(events);
        }
    }

    /// Ends every stream.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::SeqCst);
        for open in self.channels().values() {
            open.channel.wake();
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<Key, Open>> {
        self.0.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session's channel in use; the last one dropped forgets it.
pub(crate) struct Handle {
    hub: Hub,
    key: Key,
    channel: Arc<Channel>,
}

impl Handle {
    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }
}

impl Deref for Handle {
    type Target = Channel;

    fn deref(&self) -> &Channel {
        &self.channel
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut channels = self.hub.channels();
        if let Entry::Occupied(mut open) = channels.entry(self.key) {
            open.get_mut().handles -= 1;
            if open.get().handles == 0 {
                open.remove();
            }
        }
    }
}

/// What this process knows of a session beyond the database.
pub(crate) struct Channel {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// The latest logged events, without gaps.
    kept: VecDeque<LoggedEvent>,
    partial: Option<PartialAnswer>,
}

/// What the model is saying.
struct PartialAnswer {
    after: Sequence,
    turn: TurnId,
    step: u32,
    text: String,
    reasoning: String,
}

/// What a channel has for a cursor.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Something was given.
    More,
    /// Nothing yet.
    Nothing,
    /// What comes next is not in memory any more.
    InLog,
}

impl Default for Channel {
    fn default() -> Self {
        Self { state: Mutex::default(), changed: watch::Sender::new(()) }
    }
}

impl Channel {
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn wake(&self) {
        self.changed.send_replace(());
    }

    /// Takes up events that were committed.
    pub(crate) fn publish(&self, events: &[LoggedEvent]) {
        let mut state = self.state();
        for logged in events {
            let last = state.kept.back().map(|kept| kept.seq);
            match last {
                // Known already.
                Some(last) if logged.seq <= last => continue,
                Some(last) if logged.seq == last + 1 => {}
                // Something between was appended elsewhere; followers read it from the log.
                _ => state.kept.clear(),
            }
            if state.partial.as_ref().is_some_and(|partial| partial.turn == logged.event.turn()) {
                state.partial = None;
            }
            if state.kept.len() == KEPT {
                state.kept.pop_front();
            }
            state.kept.push_back(logged.clone());
        }
        drop(state);
        self.wake();
    }

    /// The model begins to answer after the event numbered `after`.
    pub(crate) fn begin(&self, after: Sequence, turn: TurnId, step: u32) {
        let (text, reasoning) = (String::new(), String::new());
        self.state().partial = Some(PartialAnswer { after, turn, step, text, reasoning });
    }

    pub(crate) fn push_delta(&self, text: &str, reasoning: &str) {
        if let Some(partial) = &mut self.state().partial {
            partial.text.push_str(text);
            partial.reasoning.push_str(reasoning);
        }
        self.wake();
    }

    /// Nobody speaks any more, without a word in the log: the turn goes on elsewhere.
    pub(crate) fn discard_partial(&self) {
        self.state().partial = None;
    }

    /// Gives a cursor what comes next.
    pub(crate) fn advance(&self, cursor: &mut Cursor, given: &mut VecDeque<StreamEvent>) -> Found {
        let state = self.state();
        let before = given.len();
        if let (Some(first), Some(last)) = (state.kept.front(), state.kept.back())
            && cursor.seq < last.seq
        {
            if cursor.seq + 1 < first.seq {
                return Found::InLog;
            }
            let known = usize::try_from(cursor.seq + 1 - first.seq).unwrap_or(0);
            for logged in state.kept.iter().skip(known) {
                cursor.pass(logged, given);
            }
        }
        if let Some(partial) = &state.partial {
            if cursor.seq < partial.after {
                return if given.len() > before { Found::More } else { Found::InLog };
            }
            if cursor.seq > partial.after {
                // The log has what is said here, and gave it, before it was told to this channel.
                return if given.len() > before { Found::More } else { Found::Nothing };
            }
            let (turn, step) = (partial.turn, partial.step);
            given.extend(cursor.reasoning(turn, step, &partial.reasoning));
            given.extend(cursor.text(turn, step, &partial.text));
        }
        if given.len() > before { Found::More } else { Found::Nothing }
    }

    /// Whether the memory reaches back to a cursor, so that the log need not be read for it.
    pub(crate) fn reaches(&self, cursor: &Cursor) -> bool {
        let state = self.state();
        state.kept.front().is_some_and(|first| cursor.seq + 1 >= first.seq)
            && state.kept.back().is_some_and(|last| cursor.seq <= last.seq)
    }

    /// Whether an event's number is among those in memory.
    pub(crate) fn knows(&self, seq: Sequence) -> bool {
        self.state().kept.back().is_some_and(|last| seq <= last.seq)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::environment::Environment;

    use super::*;
    use crate::stream::EventId;

    #[test]
    fn what_the_log_gave_before_it_was_told_is_not_given_again() {
        let (channel, turn) = (Channel::default(), Environment::system().new_id());
        channel.begin(5, turn, 1);
        channel.push_delta("Hello", "I greet");
        let text = |seq| {
            let (mut cursor, mut given) = (Cursor::at(EventId { seq, offset: None }), VecDeque::new());
            let found = channel.advance(&mut cursor, &mut given);
            (found, given.iter().map(StreamEvent::name).collect::<Vec<_>>())
        };
        assert_eq!(text(4), (Found::InLog, vec![]));
        assert_eq!(text(5), (Found::More, vec!["reasoning.delta", "text.delta"]));
        assert_eq!(text(7), (Found::Nothing, vec![]));
    }

    #[test]
    fn the_last_handle_forgets_the_channel_although_an_event_is_being_told() {
        let (hub, environment) = (Hub::default(), Environment::system());
        let (workspace, session) = (environment.new_id(), environment.new_id());
        let (first, second) = (hub.open(workspace, session), hub.open(workspace, session));
        let telling = first.channel.clone();
        drop(first);
        assert!(Arc::ptr_eq(&hub.open(workspace, session).channel, &telling));
        drop(second);
        assert!(hub.channels().is_empty());
        drop(telling);
    }
}
