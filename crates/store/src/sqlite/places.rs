//! How many workspaces have their files open at one time, and who has to make room.
//!
//! A workspace with an open file holds a [`Place`]. Who finds none free asks the workspace that nobody has used
//! for longest to close its file, and waits in the order of arrival; one with a unit under way is never asked.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{session::Role, space::File};
use crate::Error;

/// Bytes that the page caches of all connections may take together.
const CACHES: usize = 128 << 20;
/// The most that the writing and a reading connection get of them, and the least, in KiB. What a writer cannot
/// keep until its commit is written twice.
const LARGEST_WRITER: usize = 32 << 10;
const LARGEST_READER: usize = 8 << 10;
const SMALLEST_CACHE: usize = 256;

pub(crate) struct Places {
    free: Arc<Semaphore>,
    /// By the number of the place that was taken.
    open: Mutex<HashMap<usize, Weak<File>>>,
    taken: AtomicUsize,
    /// Callers that wait for a place.
    waiting: AtomicUsize,
    /// Something changed that a waiting caller may use: a workspace became idle, or one has closed.
    changed: Notify,
    connections: AtomicUsize,
}

impl Places {
    pub(crate) fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(places.max(1))),
            open: Mutex::default(),
            taken: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            changed: Notify::new(),
            connections: AtomicUsize::new(0),
        })
    }

    /// A place for `file`, waited for until `deadline`.
    pub(super) async fn take(self: &Arc<Self>, file: &Arc<File>, deadline: Instant) -> Result<Place, Error> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait(deadline).await?,
        };
        let key = self.taken.fetch_add(1, Ordering::Relaxed);
        self.open().insert(key, Arc::downgrade(file));
        Ok(Place { places: self.clone(), key, permit: Some(permit) })
    }

    async fn wait(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, Error> {
        let _waiting = Waiting::new(self);
        let place = self.free.clone().acquire_owned();
        tokio::pin!(place);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            self.make_room();
            tokio::select! {
                biased;
                place = &mut place => return place.map_err(|_| Error::Closed),
                () = &mut changed => {}
                () = tokio::time::sleep_until(deadline.into()) => {
                    return Err(Error::Busy { what: "as many workspaces are at work as the server may have open" });
                }
            }
        }
    }

    /// Asks as many idle workspaces to close as callers wait, counting those that are closing already.
    fn make_room(&self) {
        let mut idle = Vec::new();
        let mut closing = 0;
        for file in self.open_files() {
            match file.idle_since() {
                Some((_, true)) => closing += 1,
                Some((since, false)) => idle.push((since, file)),
                None => {}
            }
        }
        let wanted = self.waiting.load(Ordering::SeqCst).saturating_sub(closing);
        idle.sort_by_key(|(since, _)| *since);
        for (_, file) in idle.into_iter().take(wanted) {
            file.retire();
        }
    }

    fn open_files(&self) -> Vec<Arc<File>> {
        self.open().values().filter_map(Weak::upgrade).collect()
    }

    /// A workspace has nothing under way any more.
    pub(super) fn became_idle(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.changed.notify_waiters();
        }
    }

    /// Counts a connection as long as what is returned lives.
    pub(super) fn connected(self: &Arc<Self>) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(self.clone())
    }

    /// The KiB that one connection's page cache may take now: an equal share of what all may take together, as
    /// a power of two, so that it changes seldom.
    pub(super) fn cache_share(&self, role: Role) -> usize {
        let largest = if role == Role::Writer { LARGEST_WRITER } else { LARGEST_READER };
        let connections = self.connections.load(Ordering::Relaxed).max(1);
        let share = (CACHES / 1024 / connections).clamp(SMALLEST_CACHE, largest);
        1 << share.ilog2()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<usize, Weak<File>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to have a workspace's file open.
pub(super) struct Place {
    places: Arc<Places>,
    key: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Until the one who waits longest has it, the file counts as closing: nobody else closes for that one.
        drop(self.permit.take());
        self.places.open().remove(&self.key);
        self.places.became_idle();
    }
}

/// A connection that is open.
pub(super) struct Connected(Arc<Places>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A caller that waits for a place.
struct Waiting<'p>(&'p Places);

impl<'p> Waiting<'p> {
    fn new(places: &'p Places) -> Self {
        places.waiting.fetch_add(1, Ordering::SeqCst);
        Self(places)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
        // Who still waits may have counted on a workspace that closed for this one.
        self.0.became_idle();
    }
}
