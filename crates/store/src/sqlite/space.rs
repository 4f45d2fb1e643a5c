//! A file that is opened by need: its threads start with the first unit and end when none comes.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    Places, Session,
    job::Job,
    places::{Connected, Place},
    queue::Queue,
    session::Role,
    writer,
};
use crate::{
    Error, StoreConfig,
    tx::{Mode, Scope},
    unit::Unit,
};

/// A file that can be worked with, whether it is open at the moment or not.
pub(crate) struct Space(Arc<File>);

pub(super) struct File {
    path: PathBuf,
    scope: Arc<Scope>,
    writes: Queue,
    reads: Queue,
    state: Mutex<State>,
    /// Held by the one who opens the file, so that others wait for that instead of taking further places.
    opening: tokio::sync::Mutex<()>,
    places: Arc<Places>,
    /// Whether it needs a place to be open; the directory does not.
    is_counted: bool,
    /// Whether nobody is to keep what it holds.
    is_throwaway: bool,
    read_deadline: Duration,
    write_deadline: Duration,
}

struct State {
    open: Open,
    /// Units that wait or run.
    in_use: usize,
    /// Threads that have, or may come to have, a connection.
    threads: Vec<JoinHandle<()>>,
    alive: usize,
    retiring: bool,
    last_used: Instant,
    closed: bool,
}

enum Open {
    No,
    Yes(Option<Place>),
}

impl Space {
    /// A file that is not open yet.
    pub(crate) fn new(path: &Path, is_counted: bool, places: &Arc<Places>, config: &StoreConfig) -> Self {
        Self(Arc::new(File {
            path: path.to_owned(),
            scope: Arc::new(Scope::sqlite()),
            writes: Queue::new(1),
            reads: Queue::new(config.readers.max(1)),
            state: Mutex::new(State {
                open: Open::No,
                in_use: 0,
                threads: Vec::new(),
                alive: 0,
                retiring: false,
                last_used: Instant::now(),
                closed: false,
            }),
            opening: tokio::sync::Mutex::default(),
            places: places.clone(),
            is_counted,
            is_throwaway: config.is_throwaway,
            read_deadline: config.read_deadline,
            write_deadline: config.write_deadline,
        }))
    }

    /// Opens the file for the first time with `open`, which runs where it may wait, and keeps the session it
    /// returns for units to come.
    pub(crate) async fn prepare(
        &self,
        open: impl FnOnce(&Path) -> Result<(Role, Session), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let _in_use = self.0.enter(self.0.write_deadline).await?;
        let path = self.0.path.clone();
        let (role, session) = crate::store::blocking(move || open(&path)).await?;
        if self.0.queue(role).add_thread() {
            self.0.start_thread(role, Some(session));
        }
        Ok(())
    }

    /// Sends a unit to a thread. The thread looks at the deadline itself, so an answer always comes: a write
    /// that was done is never reported as one that was not.
    pub(crate) async fn run(&self, mode: Mode, unit: Box<dyn Unit>) -> Result<(), Error> {
        let file = &self.0;
        let (role, limit) = match mode {
            Mode::Read => (Role::Reader, file.read_deadline),
            Mode::Write | Mode::Alter => (Role::Writer, file.write_deadline),
        };
        let in_use = file.enter(limit).await?;
        let job = Job::new(unit, Arc::clone(&file.scope), mode, limit, in_use);
        if file.queue(role).push(job).await? {
            file.start_thread(role, None);
        }
        Ok(())
    }

    /// Whether the file is open now.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.0.state().open, Open::Yes(_))
    }

    /// Closes the file where nothing is under way.
    pub(crate) fn retire(&self) {
        self.0.retire();
    }

    /// Ends the threads once they have done what waits. The file is not opened again.
    pub(crate) async fn close(&self) {
        self.0.refuse();
        let threads = std::mem::take(&mut self.0.state().threads);
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().map(JoinHandle::join).all(|end| end.is_ok())
        });
        if !matches!(joined.await, Ok(true)) {
            tracing::error!(path = %self.0.path.display(), "a thread of the store did not end well");
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.0.refuse();
    }
}

impl File {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, role: Role) -> &Queue {
        match role {
            Role::Reader => &self.reads,
            Role::Writer => &self.writes,
        }
    }

    fn refuse(&self) {
        self.state().closed = true;
        self.writes.close();
        self.reads.close();
    }

    /// Keeps the file open, or opens it, for one unit.
    async fn enter(self: &Arc<Self>, patience: Duration) -> Result<InUse, Error> {
        if let Some(in_use) = self.try_enter()? {
            return Ok(in_use);
        }
        let deadline = Instant::now() + patience;
        let Ok(_opening) = tokio::time::timeout_at(deadline.into(), self.opening.lock()).await else {
            return Err(Error::Busy { what: "the workspace could not be opened in time" });
        };
        if let Some(in_use) = self.try_enter()? {
            return Ok(in_use);
        }
        let place = if self.is_counted { Some(self.places.take(self, deadline).await?) } else { None };
        let mut state = self.state();
        state.open = Open::Yes(place);
        state.retiring = false;
        state.in_use += 1;
        Ok(InUse(self.clone()))
    }

    fn try_enter(self: &Arc<Self>) -> Result<Option<InUse>, Error> {
        let mut state = self.state();
        if state.closed {
            return Err(Error::Closed);
        }
        if matches!(state.open, Open::No) {
            return Ok(None);
        }
        state.in_use += 1;
        state.retiring = false;
        Ok(Some(InUse(self.clone())))
    }

    /// Since when nothing is under way, and whether the file is closing; `None` while something is.
    pub(super) fn idle_since(&self) -> Option<(Instant, bool)> {
        let state = self.state();
        (state.in_use == 0).then_some((state.last_used, state.retiring))
    }

    /// Has the threads end, and with them the file close, unless a unit is under way or comes first.
    pub(super) fn retire(&self) {
        {
            let mut state = self.state();
            // Who came since it was found idle may not have its thread yet, which would not hear of this.
            if state.in_use > 0 {
                return;
            }
            state.retiring = true;
        }
        self.writes.retire();
        self.reads.retire();
    }

    /// Starts a thread that the queue has counted.
    fn start_thread(self: &Arc<Self>, role: Role, session: Option<Session>) {
        let name = match role {
            Role::Writer => "store-write",
            Role::Reader => "store-read",
        };
        let alive = Alive::new(self, role);
        let mut state = self.state();
        state.threads.retain(|thread| !thread.is_finished());
        match Builder::new().name(name.to_owned()).spawn(move || alive.serve(session)) {
            Ok(thread) => state.threads.push(thread),
            // The closure is dropped, and with it what stood for the thread: it answers the units.
            Err(error) => tracing::error!(%error, "the operating system gives no more threads"),
        }
    }

    /// Gives the place back where nothing needs it any more. To be dropped after the state is unlocked.
    #[must_use]
    fn leave(state: &mut State) -> Option<Place> {
        let is_unused = state.in_use == 0 && state.alive == 0;
        match std::mem::replace(&mut state.open, Open::No) {
            Open::Yes(place) if is_unused => place,
            open => {
                state.open = open;
                None
            }
        }
    }
}

/// A unit that waits or runs: the file stays open for it.
pub(super) struct InUse(Arc<File>);

impl Drop for InUse {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_use -= 1;
        state.last_used = Instant::now();
        let is_idle = state.in_use == 0;
        let place = File::leave(&mut state);
        drop(state);
        drop(place);
        if is_idle {
            self.0.places.became_idle();
        }
    }
}

/// A thread of a file, from before it starts until its connection is closed.
struct Alive {
    file: Arc<File>,
    role: Role,
    /// Whether the queue counts it still.
    is_counted: bool,
}

impl Alive {
    fn new(file: &Arc<File>, role: Role) -> Self {
        file.state().alive += 1;
        Self { file: file.clone(), role, is_counted: true }
    }

    fn serve(mut self, session: Option<Session>) {
        let mut lane = Lane { file: &self.file, role: self.role, open: None };
        if let Some(session) = session {
            lane.keep(session);
        }
        writer::serve(&mut lane, self.file.queue(self.role));
        drop(lane);
        self.is_counted = false;
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        if self.is_counted {
            for mut job in self.file.queue(self.role).lost_thread() {
                job.fail(Error::unavailable("a thread of the store could not run"));
                job.answer();
            }
        }
        let mut state = self.file.state();
        state.alive -= 1;
        let place = File::leave(&mut state);
        drop(state);
        drop(place);
    }
}

/// A thread's connection, opened with its first unit.
pub(super) struct Lane<'f> {
    file: &'f Arc<File>,
    role: Role,
    open: Option<(Session, Connected)>,
}

impl Lane<'_> {
    fn keep(&mut self, mut session: Session) -> &mut Session {
        if self.role == Role::Writer
            && self.file.is_counted
            && let Err(error) = session.find_pending()
        {
            tracing::debug!(%error, "what waits for the search index was not counted");
        }
        if self.role == Role::Writer && self.file.is_throwaway {
            session.make_throwaway();
        }
        let connected = self.file.places.connected();
        &mut self.open.insert((session, connected)).0
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// The connection, with the page cache that it may have now.
    pub(super) fn session(&mut self) -> Result<&mut Session, Error> {
        if self.open.is_none() {
            let session = Session::open(&self.file.path, self.role, false)?;
            self.keep(session);
        }
        let Some((session, _)) = &mut self.open else { return Err(Error::Closed) };
        session.set_cache(self.file.places.cache_share(self.role));
        Ok(session)
    }

    pub(super) fn opened(&mut self) -> Option<&mut Session> {
        self.open.as_mut().map(|(session, _)| session)
    }
}
