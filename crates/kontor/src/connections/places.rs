//! The places of connections, and who gives way when there are none left.
//!
//! Most places are for any request. Beside them there is a small lane: a connection that finds no place is taken
//! there, so that health is told whatever happens, and what else is asked waits a moment for a place and is then
//! refused in words. Whoever is between two requests, or has not yet asked anything, gives way to whoever comes.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many connections there may be beyond the limit, for health and refusals.
pub(crate) const LANE: usize = 32;
/// How long a connection that nothing is asked on keeps its place when others come.
const IDLE: Duration = Duration::from_secs(1);
/// How long a request waits for a place.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often somebody idle is looked for meanwhile.
const LOOK: Duration = Duration::from_millis(100);

pub(super) struct Places {
    free: Arc<Semaphore>,
    lane: Arc<Semaphore>,
    open: Mutex<HashMap<u64, Arc<Slot>>>,
    next: AtomicU64,
}

/// What is known of a connection.
struct Slot {
    state: Mutex<State>,
    gives_way: CancellationToken,
}

struct State {
    held: Held,
    /// Requests whose responses have not been sent; at most one, as HTTP/1.1 answers in order.
    is_busy: bool,
    since: Instant,
}

enum Held {
    Place { _permit: OwnedSemaphorePermit },
    Lane { _permit: OwnedSemaphorePermit },
}

/// A connection's entry, removed when it is dropped.
pub(super) struct Connection {
    places: Arc<Places>,
    number: u64,
    slot: Arc<Slot>,
}

impl Places {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(limit.max(1))),
            lane: Arc::new(Semaphore::new(LANE)),
            open: Mutex::default(),
            next: AtomicU64::new(0),
        })
    }

    /// Waits until another connection can be taken.
    pub(super) async fn next(self: &Arc<Self>) -> Option<Connection> {
        let held = match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => Held::Place { _permit: permit },
            Err(_) => {
                if self.lane.available_permits() == 0 {
                    self.give_way(|state| matches!(state.held, Held::Lane { .. }));
                }
                Held::Lane { _permit: Arc::clone(&self.lane).acquire_owned().await.ok()? }
            }
        };
        let state = State { held, is_busy: false, since: Instant::now() };
        let slot = Arc::new(Slot { state: Mutex::new(state), gives_way: CancellationToken::new() });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.open().insert(number, Arc::clone(&slot));
        Some(Connection { places: Arc::clone(self), number, slot })
    }

    /// Has the connection give way that has been idle for longest, of those that `may`.
    fn give_way(&self, may: impl Fn(&State) -> bool) {
        let open = self.open();
        let idle = open.values().filter_map(|slot| {
            let state = slot.state();
            let can = !state.is_busy && !slot.gives_way.is_cancelled() && may(&state);
            can.then_some((state.since, slot))
        });
        if let Some((_, slot)) = idle.min_by_key(|(since, _)| *since) {
            slot.gives_way.cancel();
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Slot>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Ends when this connection has to give way to another.
    pub(super) fn gives_way(&self) -> CancellationToken {
        self.slot.gives_way.clone()
    }

    /// A request has come; until the guard is dropped the connection is not idle.
    pub(super) fn begin(&self) -> Busy {
        let mut state = self.slot.state();
        (state.is_busy, state.since) = (true, Instant::now());
        Busy(Arc::clone(&self.slot))
    }

    /// Whether the connection has a place of its own, and is not in the lane.
    pub(super) fn has_place(&self) -> bool {
        matches!(self.slot.state().held, Held::Place { .. })
    }

    /// Takes a place for a connection in the lane; whether there was one in time.
    pub(super) async fn take_place(&self) -> bool {
        let acquire = async {
            let mut free = std::pin::pin!(Arc::clone(&self.places.free).acquire_owned());
            loop {
                let permit = tokio::time::timeout(LOOK, free.as_mut()).await;
                if let Ok(permit) = permit {
                    return permit.ok();
                }
                self.places.give_way(|state| {
                    matches!(state.held, Held::Place { .. }) && state.since.elapsed() >= IDLE
                });
            }
        };
        let Ok(Some(permit)) = tokio::time::timeout(QUEUE_TIMEOUT, acquire).await else { return false };
        self.slot.state().held = Held::Place { _permit: permit };
        true
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.places.open().remove(&self.number);
    }
}

/// A request in progress.
pub(super) struct Busy(Arc<Slot>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.state();
        (state.is_busy, state.since) = (false, Instant::now());
    }
}

/// The body of a response, with which the request it answers comes to its end.
pub(super) struct Answering {
    pub(super) body: Body,
    pub(super) _busy: Busy,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
