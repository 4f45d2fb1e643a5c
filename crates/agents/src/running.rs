//! The sessions whose turns run in this process.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use kontor_core::ids::{MemberId, SessionId, TurnId};
use tokio_util::sync::CancellationToken;

#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<SessionId, Slot>>);

#[derive(Default)]
struct Slot {
    /// Something was written meanwhile, so that the session is looked at once more.
    again: bool,
    turn: Option<(TurnId, Arc<Cancel>)>,
}

/// How a running turn hears that it is cancelled.
#[derive(Default)]
pub(crate) struct Cancel {
    token: CancellationToken,
    by: OnceLock<MemberId>,
}

impl Cancel {
    pub(crate) fn cancel(&self, by: Option<MemberId>) {
        if let Some(by) = by {
            self.by.get_or_init(|| by);
        }
        self.token.cancel();
    }

    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }

    pub(crate) fn by(&self) -> Option<MemberId> {
        self.by.get().copied()
    }
}

impl Running {
    /// Whether the session is the caller's to run. Whoever runs it already looks once more.
    pub(crate) fn enter(&self, session: SessionId) -> bool {
        let mut sessions = self.sessions();
        match sessions.get_mut(&session) {
            Some(slot) => {
                slot.again = true;
                false
            }
            None => {
                sessions.insert(session, Slot::default());
                true
            }
        }
    }

    /// As [`Running::enter`], without a sign to whoever runs the session already.
    pub(crate) fn claim(&self, session: SessionId) -> bool {
        match self.sessions().entry(session) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(Slot::default());
                true
            }
        }
    }

    /// Whether the session is left; if not, there may be more to run.
    pub(crate) fn leave(&self, session: SessionId) -> bool {
        let mut sessions = self.sessions();
        match sessions.get_mut(&session) {
            Some(slot) if slot.again => {
                *slot = Slot::default();
                false
            }
            _ => {
                sessions.remove(&session);
                true
            }
        }
    }

    /// Leaves a session whatever was written meanwhile: what ran it is broken, and a sweep looks again.
    pub(crate) fn forget(&self, session: SessionId) {
        self.sessions().remove(&session);
    }

    pub(crate) fn begin(&self, session: SessionId, turn: TurnId) -> Arc<Cancel> {
        let cancel = Arc::new(Cancel::default());
        if let Some(slot) = self.sessions().get_mut(&session) {
            slot.turn = Some((turn, cancel.clone()));
        }
        cancel
    }

    pub(crate) fn cancel(&self, session: SessionId, turn: TurnId, by: MemberId) {
        let found = self.sessions().get(&session).and_then(|slot| slot.turn.clone());
        if let Some((_, cancel)) = found.filter(|(running, _)| *running == turn) {
            cancel.cancel(Some(by));
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
