//! A namespace: the directory or a workspace, and the units of work run in it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use kontor_core::ids::WorkspaceId;
use tokio::sync::watch;

use crate::{
    Dialect, Error, Premise, Tx,
    commits::Commits,
    postgres, sqlite,
    tx::Mode,
    unit::{self, Unit},
};

/// Everything of one workspace, or the directory. Cloning is cheap, and holding it keeps nothing open: on SQLite
/// the file is opened with a unit of work and closed when none came for a while, or another workspace needs the
/// place.
#[derive(Clone)]
pub struct Namespace(Arc<Inner>);

struct Inner {
    id: Option<WorkspaceId>,
    engine: Engine,
    last_used: Mutex<Instant>,
    /// How many units have written here.
    written: watch::Sender<u64>,
    commits: Commits,
}

pub(crate) enum Engine {
    Sqlite(sqlite::Space),
    Postgres(postgres::Space),
}

impl Namespace {
    pub(crate) fn new(id: Option<WorkspaceId>, engine: Engine, commits: Commits) -> Self {
        Self(Arc::new(Inner {
            id,
            engine,
            last_used: Mutex::new(Instant::now()),
            written: watch::Sender::new(0),
            commits,
        }))
    }

    /// The workspace this is; none for the directory.
    pub fn id(&self) -> Option<WorkspaceId> {
        self.0.id
    }

    /// Changes whenever a unit of this process has written something here.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.0.written.subscribe()
    }

    pub fn dialect(&self) -> Dialect {
        match &self.0.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a unit that only reads, on one snapshot of the data: `read((id, name), |tx, (id, name)| …)`.
    ///
    /// The closure may be run again. The unit owns `arguments` and lends them to each run; the closure itself
    /// captures nothing but what can be copied. It awaits nothing but its transaction.
    pub async fn read<A, T, E, F>(&self, arguments: A, unit: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(Mode::Read, None, arguments, unit).await?.ok_or_else(|| Error::Closed.into())
    }

    /// Runs a unit that writes. It is committed when the closure answers `Ok` and undone otherwise; it runs to
    /// its end even when the caller stops waiting.
    ///
    /// On SQLite writers run one after another. On PostgreSQL a unit runs in `REPEATABLE READ` and again when
    /// a row it changes or locks was changed by another meanwhile, so that what it read before it wrote still
    /// held; what depends on rows it does not touch needs a row lock ([`Dialect::lock_rows`]).
    pub async fn write<A, T, E, F>(&self, arguments: A, unit: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(Mode::Write, None, arguments, unit).await?.ok_or_else(|| Error::Closed.into())
    }

    /// As [`Namespace::write`], where `premise` holds in the unit's transaction. Otherwise the unit is not run and
    /// there is no answer: whoever prepared it prepares it anew.
    pub async fn write_on<A, T, E, F>(&self, premise: Premise, arguments: A, unit: F) -> Result<Option<T>, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(Mode::Write, Some(premise), arguments, unit).await
    }

    /// Runs a unit that changes the schema (and may write): alone, sharing no commit.
    pub async fn alter<A, T, E, F>(&self, arguments: A, unit: F) -> Result<T, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(Mode::Alter, None, arguments, unit).await?.ok_or_else(|| Error::Closed.into())
    }

    async fn run<A, T, E, F>(
        &self,
        mode: Mode,
        premise: Option<Premise>,
        arguments: A,
        unit: F,
    ) -> Result<Option<T>, E>
    where
        F: for<'t, 'c> Fn(&'t mut Tx<'c>, &'t A) -> BoxFuture<'t, Result<T, E>>
            + Copy
            + Send
            + Sync
            + 'static,
        A: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let written = self.0.id.filter(|_| mode != Mode::Read).map(|id| self.0.commits.of(id));
        let (unit, answer) = unit::typed(premise, written, arguments, unit);
        self.submit(mode, unit).await?;
        let answer = answer.await.unwrap_or_else(|_| Err(Error::Closed.into()));
        if mode != Mode::Read && matches!(answer, Ok(Some(_))) {
            self.0.written.send_modify(|count| *count = count.wrapping_add(1));
        }
        answer
    }

    /// Has a unit run. In a box, so that it is compiled here and not once more for every unit.
    fn submit(&self, mode: Mode, unit: Box<dyn Unit>) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            match &self.0.engine {
                Engine::Sqlite(space) => space.run(mode, unit).await,
                Engine::Postgres(space) => {
                    space.run(mode, unit).await;
                    Ok(())
                }
            }
        })
    }

    pub(crate) fn touch(&self) {
        *self.0.last_used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether nobody but the store's own table holds it, and nobody asked for it for `idle`.
    pub(crate) fn is_idle(&self, idle: Duration) -> bool {
        let last_used = *self.0.last_used.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::strong_count(&self.0) == 1 && last_used.elapsed() >= idle
    }

    /// Whether a unit finds it open.
    pub(crate) fn is_open(&self) -> bool {
        match &self.0.engine {
            Engine::Sqlite(space) => space.is_open(),
            Engine::Postgres(_) => true,
        }
    }

    pub(crate) fn retire(&self) {
        if let Engine::Sqlite(space) = &self.0.engine {
            space.retire();
        }
    }

    pub(crate) async fn close(&self) {
        if let Engine::Sqlite(space) = &self.0.engine {
            space.close().await;
        }
    }
}
