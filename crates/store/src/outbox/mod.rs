//! The outbox's readers: who is handed the events of changes, in their order and each once.
//!
//! An event is written in the transaction of its change, by the crate that knows what changed. A *reader* has a name
//! and a place in each workspace. It is handed the events behind its place, a bounded number at a time, in a
//! transaction that moves the place on: what it does in that transaction, such as writing rows or enqueuing jobs, is
//! done once, whatever moment the process dies at. Events of one record come in the order of its changes.
//!
//! Events that a reader has not had are kept, up to an age that the operator sets ([`prune_unread`]). A reader that
//! was slower is told so ([`EventReader::missed`]) before it is handed what comes after.
//!
//! | module | holds |
//! |---|---|
//! | `rows` | the statements on events and readers |
//! | `settled` | which numbers have no event on its way any more |
//! | `runner` | finds what is unread and hands it on, under a lease |
//! | `pruning` | removing what is old |

mod pruning;
mod rows;
mod runner;
mod settled;

use kontor_core::{environment::Environment, ids::WorkspaceId, time::Timestamp};
use uuid::Uuid;

pub use self::pruning::{prune, prune_unread};
pub(crate) use self::runner::Readers;
pub use self::settled::Settled;
use crate::{
    BoxFuture, Tx,
    jobs::{Announced, Failure},
};

/// The table of events.
const EVENTS: &str = "outbox_events";

/// An event of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Higher than those of earlier changes of the same record.
    pub sequence: i64,
    /// Tells the event apart, and when it happened.
    pub id: Uuid,
    /// `deal.updated`.
    pub name: String,
    pub object: String,
    pub record: Uuid,
    /// `update`.
    pub action: String,
}

impl Event {
    /// When it happened, as its id tells; one that tells nothing is as old as can be.
    pub fn happened_at(&self) -> Timestamp {
        happened_at(self.id)
    }
}

fn happened_at(id: Uuid) -> Timestamp {
    let Some((seconds, nanos)) = id.get_timestamp().map(|time| time.to_unix()) else {
        return Timestamp::EPOCH;
    };
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_micros(seconds.saturating_mul(1_000_000).saturating_add(i64::from(nanos / 1_000)))
}

/// What a reader has to know of where it reads.
#[derive(Clone)]
pub struct Reading {
    pub workspace: WorkspaceId,
    pub environment: Environment,
    /// With which jobs may be enqueued.
    pub announced: Announced,
}

/// Events that were removed before a reader had them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The number of the last event that it was handed; 0 for none.
    pub after: i64,
    /// The number of the last that it misses.
    pub through: i64,
}

/// Who is handed the events of every workspace. It begins with the oldest that are kept.
pub trait EventReader: Send + Sync + 'static {
    /// What its place is stored under; the same for ever.
    fn name(&self) -> &'static str;

    /// Does what follows from events, in the transaction that moves the reader behind them; how many of them are done,
    /// from the first on. Who cannot do all of an event in one transaction says 0, or how many come before it, and is
    /// handed it again. It awaits nothing but the transaction, which may be run again.
    ///
    /// # Errors
    /// Nothing is done then, and the same events are handed to it again after a pause that doubles.
    fn read<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        reading: &'t Reading,
        events: &'t [Event],
    ) -> BoxFuture<'t, Result<usize, Failure>>;

    /// Is told that it misses events, in the transaction that moves it behind them.
    ///
    /// # Errors
    /// As of [`Self::read`].
    fn missed<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        reading: &'t Reading,
        gap: Gap,
    ) -> BoxFuture<'t, Result<(), Failure>>;
}
