//! The bounded queue of a namespace's threads.

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
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

/// What a thread finds.
pub(super) enum Next {
    Job(Job),
    Idle,
    Closed,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), ready: Condvar::new(), room: Semaphore::new(ROOM) }
    }

    /// Adds a unit, waiting for room until its deadline.
    pub(super) async fn push(&self, job: Job) -> Result<(), Error> {
        match tokio::time::timeout_at(job.deadline().into(), self.room.acquire()).await {
            Err(_) => return Err(Error::unavailable("the database is busy")),
            Ok(Err(_)) => return Err(Error::Closed),
            Ok(Ok(permit)) => permit.forget(),
        }
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        state.jobs.push_back(job);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// The next unit; `Idle` when none came for `idle`, `Closed` when none will.
    pub(super) fn next(&self, idle: Option<Duration>) -> Next {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                self.room.add_permits(1);
                return Next::Job(job);
            }
            if state.closed {
                return Next::Closed;
            }
            state = match idle {
                None => self.ready.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(idle) => {
                    let (state, wait) =
                        self.ready.wait_timeout(state, idle).unwrap_or_else(PoisonError::into_inner);
                    if wait.timed_out() && state.jobs.is_empty() && !state.closed {
                        return Next::Idle;
                    }
                    state
                }
            };
        }
    }

    /// A unit that is waiting already and may share a commit.
    pub(super) fn next_of_group(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.jobs.pop_front_if(|job| job.may_share())?;
        self.room.add_permits(1);
        Some(job)
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
