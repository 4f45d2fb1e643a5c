//! An open file: its threads, and units sent to them.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use super::{Session, job::Job, queue::Queue, session::Role, writer};
use crate::{
    Error, StoreConfig,
    tx::{Mode, Scope},
    unit::Unit,
};

pub(crate) struct Space {
    path: PathBuf,
    scope: Arc<Scope>,
    writes: Arc<Queue>,
    reads: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    read_deadline: Duration,
    write_deadline: Duration,
}

impl Space {
    /// Starts the threads of a file whose writing connection is open and whose schema is up to date.
    pub(crate) fn start(path: &Path, writer: Session, config: &StoreConfig) -> Result<Self, Error> {
        let space = Self {
            path: path.to_owned(),
            scope: Arc::new(Scope::sqlite()),
            writes: Arc::new(Queue::new()),
            reads: Arc::new(Queue::new()),
            threads: Mutex::default(),
            read_deadline: config.read_deadline,
            write_deadline: config.write_deadline,
        };
        let writes = Arc::clone(&space.writes);
        space.thread("store-write", move || writer::write(writer, &writes))?;
        for _ in 0..config.readers.max(1) {
            let session = Session::open(path, Role::Reader, false)?;
            let reads = Arc::clone(&space.reads);
            space.thread("store-read", move || writer::read(session, &reads))?;
        }
        Ok(space)
    }

    fn thread(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let handle =
            Builder::new().name(name.to_owned()).spawn(work).map_err(|source| Error::Unavailable {
                reason: "the operating system gives no more threads".to_owned(),
                source: Some(source.into()),
            })?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
        Ok(())
    }

    /// Sends a unit to a thread. The thread looks at the deadline itself, so an answer always comes: a write
    /// that was done is never reported as one that was not.
    pub(crate) async fn run(&self, mode: Mode, unit: Box<dyn Unit>) -> Result<(), Error> {
        let (queue, limit) = match mode {
            Mode::Read => (&self.reads, self.read_deadline),
            Mode::Write | Mode::Alter => (&self.writes, self.write_deadline),
        };
        queue.push(Job::new(unit, Arc::clone(&self.scope), mode, limit)).await
    }

    /// Ends the threads once they have done what waits.
    pub(crate) async fn close(&self) {
        self.writes.close();
        self.reads.close();
        let threads: Vec<_> = self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        let joined = tokio::task::spawn_blocking(move || {
            threads.into_iter().map(JoinHandle::join).all(|end| end.is_ok())
        });
        if !matches!(joined.await, Ok(true)) {
            tracing::error!(path = %self.path.display(), "a thread of the store did not end well");
        }
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.writes.close();
        self.reads.close();
    }
}
