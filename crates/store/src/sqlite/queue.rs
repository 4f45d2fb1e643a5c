//! The bounded queue of a file's units, and how many threads serve it.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Semaphore;

use super::job::Job;
use crate::Error;

/// How many units may wait.
const ROOM: usize = 1_024;

pub(super) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    room: Semaphore,
    /// How many threads may serve it at one time.
    most: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
    /// Threads end as soon as they find nothing to do.
    retiring: bool,
    threads: usize,
    waiting: usize,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        Self { state: Mutex::default(), ready: Condvar::new(), room: Semaphore::new(ROOM), most }
    }

    /// Adds a unit, waiting for room until its deadline. Whether the caller is to start a thread for it, which
    /// is counted already.
    pub(super) async fn push(&self, job: Job) -> Result<bool, Error> {
        match tokio::time::timeout_at(job.deadline().into(), self.room.acquire()).await {
            Err(_) => return Err(Error::Busy { what: "the workspace has too many requests waiting" }),
            Ok(Err(_)) => return Err(Error::Closed),
            Ok(Ok(permit)) => permit.forget(),
        }
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        state.jobs.push_back(job);
        let lacks_thread = state.jobs.len() > state.waiting && state.threads < self.most;
        if lacks_thread {
            state.threads += 1;
        }
        drop(state);
        self.ready.notify_one();
        Ok(lacks_thread)
    }

    /// Counts a thread that was not started for a unit; whether there may be one more.
    pub(super) fn add_thread(&self) -> bool {
        let mut state = self.lock();
        let may_start = !state.closed && state.threads < self.most;
        if may_start {
            state.threads += 1;
        }
        may_start
    }

    /// The next unit. `None` ends the thread that asks: when no unit came for `idle`, when threads retire, and
    /// when the queue is closed.
    pub(super) fn next(&self, idle: Duration) -> Option<Job> {
        let mut state = self.lock();
        let mut timed_out = false;
        loop {
            if let Some(job) = state.jobs.pop_front() {
                self.room.add_permits(1);
                return Some(job);
            }
            if timed_out || state.retiring || state.closed {
                // Under the same lock as the look for units: one that comes now has a thread of its own started.
                state.threads = state.threads.saturating_sub(1);
                state.retiring &= state.threads > 0;
                return None;
            }
            state.waiting += 1;
            let (woken, wait) = self.ready.wait_timeout(state, idle).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.waiting -= 1;
            timed_out = wait.timed_out();
        }
    }

    /// Whether the thread that asks has nothing to do for `patience`.
    pub(super) fn is_quiet(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        let is_busy = |state: &State| !state.jobs.is_empty() || state.retiring || state.closed;
        if is_busy(&state) {
            return false;
        }
        state.waiting += 1;
        let (mut state, _) = self.ready.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        !is_busy(&state)
    }

    /// A unit that is waiting already and may share a commit.
    pub(super) fn next_of_group(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.jobs.pop_front_if(|job| job.may_share())?;
        self.room.add_permits(1);
        Some(job)
    }

    /// Takes note of a thread that could not be started, or that died. The units that no thread is left for are
    /// the caller's to answer.
    pub(super) fn lost_thread(&self) -> Vec<Job> {
        let mut state = self.lock();
        state.threads = state.threads.saturating_sub(1);
        if state.threads > 0 {
            return Vec::new();
        }
        let stranded: Vec<Job> = state.jobs.drain(..).collect();
        self.room.add_permits(stranded.len());
        stranded
    }

    /// Has threads end as soon as they have nothing to do; a unit that comes after starts one again.
    pub(super) fn retire(&self) {
        let mut state = self.lock();
        state.retiring = state.threads > 0;
        drop(state);
        self.ready.notify_all();
    }

    /// Refuses new units; what waits is still done.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.close();
        self.ready.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
