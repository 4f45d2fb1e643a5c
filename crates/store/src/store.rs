//! The store: the directory, and the workspaces opened on demand.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use kontor_core::{environment::Environment, ids::WorkspaceId, time::Timestamp};
use tokio::sync::OnceCell;
use tokio_util::task::TaskTracker;

use crate::{
    Check, Depth, Dialect, Error, Namespace, Register, StoreConfig, Tx,
    commits::Commits,
    data_steps, folder, inspect,
    migrations::{self, Subject},
    namespace::Engine,
    postgres, sqlite,
    tx::{Connection, Mode, Scope},
};

/// The schema of the directory on PostgreSQL, and its role.
pub(crate) const DIRECTORY_SCHEMA: &str = "kontor_directory";
/// How long closing waits for writes that are under way.
const CLOSING: Duration = Duration::from_secs(30);

/// All data of an installation. Cloning is cheap.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    opener: Opener,
    directory: Namespace,
    workspaces: Mutex<Workspaces>,
}

type Workspaces = HashMap<WorkspaceId, Arc<OnceCell<Namespace>>>;

impl Store {
    /// Opens the directory and brings it up to date.
    pub async fn open(config: StoreConfig, environment: Environment) -> Result<Self, Error> {
        let pool = match &config.database_url {
            None => {
                crate::backup::refuse_half_restored(&config.data_dir)?;
                folder::prepare(&folder::workspaces_folder(&config.data_dir))?;
                None
            }
            Some(url) => Some(postgres::connect(url, &config).await?),
        };
        let places = sqlite::Places::new(config.open_workspaces);
        let commits = Commits::default();
        let opener = Opener { config, environment, pool, places, tasks: TaskTracker::new(), commits };
        let directory = opener.open(None, Missing::Create).await?;
        Ok(Self(Arc::new(Inner { opener, directory, workspaces: Mutex::default() })))
    }

    pub fn engine(&self) -> Dialect {
        self.0.opener.config.engine()
    }

    /// The namespace of users, workspaces and memberships.
    pub fn directory(&self) -> &Namespace {
        &self.0.directory
    }

    /// Makes a workspace's namespace; one that exists is opened.
    pub async fn create_workspace(&self, id: WorkspaceId) -> Result<Namespace, Error> {
        self.get_or_open(id, Missing::Create).await
    }

    /// A workspace's namespace, opened when it is not open. [`Error::Missing`] when there is none.
    pub async fn workspace(&self, id: WorkspaceId) -> Result<Namespace, Error> {
        let open = self.workspaces().get(&id).and_then(|cell| cell.get().cloned());
        match open {
            Some(namespace) => {
                namespace.touch();
                Ok(namespace)
            }
            None => self.get_or_open(id, Missing::Refuse).await,
        }
    }

    /// Deletes a workspace's namespace and its data. The caller ensures that nobody uses it. Succeeds when there is
    /// none.
    pub async fn remove_workspace(&self, id: WorkspaceId) -> Result<(), Error> {
        let cell = self.workspaces().remove(&id);
        if let Some(namespace) = cell.as_ref().and_then(|cell| cell.get()) {
            namespace.close().await;
        }
        let opener = &self.0.opener;
        match &opener.pool {
            None => {
                let path = folder::workspace_file(&opener.config.data_dir, id);
                blocking(move || folder::remove_database(&path)).await
            }
            Some(pool) => {
                let schema = postgres::schema_of_workspace(id);
                let (config, environment, tasks) = (&opener.config, &opener.environment, &opener.tasks);
                postgres::Space::new(pool, &schema, config, environment, tasks).remove().await
            }
        }
    }

    /// The workspaces in which this process has written lately.
    pub(crate) fn commits(&self) -> &Commits {
        &self.0.opener.commits
    }

    /// The ids of all workspaces that have a namespace.
    pub async fn workspace_ids(&self) -> Result<Vec<WorkspaceId>, Error> {
        let names = match &self.0.opener.pool {
            Some(pool) => postgres::workspace_schemas(pool).await?,
            None => {
                let files = folder::workspace_files(&self.0.opener.config.data_dir)?;
                return Ok(files.iter().filter_map(|file| folder::workspace_of(file)).collect());
            }
        };
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Where the data of a workspace lies, in words: its file or its schema.
    pub fn place_of(&self, id: WorkspaceId) -> String {
        self.0.opener.place(Some(id))
    }

    /// Whether a workspace can be used without opening its file first, which may have another one close.
    pub fn is_open(&self, id: WorkspaceId) -> bool {
        let known = self.workspaces().get(&id).and_then(|cell| cell.get().cloned());
        known.is_some_and(|namespace| namespace.is_open())
    }

    /// Has a workspace that nobody is using close its file before it would by itself.
    pub fn retire(&self, id: WorkspaceId) {
        if let Some(namespace) = self.workspaces().get(&id).and_then(|cell| cell.get().cloned()) {
            namespace.retire();
        }
    }

    /// Whether what the directory knows of a workspace may be older than the workspace: after a
    /// [restore](Self::restore), until all of it was looked at. On PostgreSQL, which is restored with tools of its
    /// own, that is never known.
    pub fn may_have_been_restored(&self) -> bool {
        self.0.opener.pool.is_some() || folder::restored_mark(&self.0.opener.config.data_dir).exists()
    }

    /// Says that what was restored has been looked at.
    pub async fn accept_restored(&self) -> Result<(), Error> {
        let mark = folder::restored_mark(&self.0.opener.config.data_dir);
        blocking(move || folder::remove_file(&mark)).await
    }

    /// Forgets the workspaces that nobody holds and nobody asked for lately; to be called from time to time.
    pub async fn close_idle(&self) {
        let idle_after = self.0.opener.config.idle_after;
        let idle: Vec<_> = {
            let mut workspaces = self.workspaces();
            let idle = workspaces.extract_if(|_, cell| {
                Arc::strong_count(cell) == 1
                    && cell.get().is_none_or(|namespace| namespace.is_idle(idle_after))
            });
            idle.collect()
        };
        for (_, cell) in idle {
            if let Some(namespace) = cell.get() {
                namespace.close().await;
            }
        }
    }

    /// Looks at every part of the data without making, migrating or changing anything, beside a server or
    /// without one. `register` reads from the directory which workspaces there should be; without it those that
    /// are found are looked at alone.
    pub async fn inspect(
        config: &StoreConfig,
        depth: Depth,
        register: Option<Register>,
    ) -> Result<Vec<Check>, Error> {
        inspect::inspect(config, depth, register).await
    }

    /// Copies the directory and every workspace to the folder `to`, as they are and while a server may be
    /// using them. Each file is consistent in itself. The secret in the data folder is not part of it.
    pub async fn backup(
        config: &StoreConfig,
        to: &Path,
        beside: impl FnOnce(&Path) -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), Error> {
        if config.engine() == Dialect::Postgres {
            let reason = "the data is in PostgreSQL: back it up with pg_dump, restore it with pg_restore";
            return Err(Error::Backup(reason.to_owned()));
        }
        let (from, to) = (config.data_dir.clone(), to.to_owned());
        blocking(move || crate::backup::copy(&from, &to, beside)).await
    }

    /// Puts a backup into a data folder that holds no data yet. `beside` puts there what else belongs to the
    /// data; whatever moment it is cut short at, a restore can be run again until it has come to its end.
    pub fn restore(
        config: &StoreConfig,
        from: &Path,
        beside: impl FnOnce() -> std::io::Result<()>,
    ) -> Result<(), Error> {
        if config.engine() == Dialect::Postgres {
            let reason = "the data is in PostgreSQL: restore it with pg_restore from what pg_dump wrote";
            return Err(Error::Backup(reason.to_owned()));
        }
        crate::backup::restore(from, &config.data_dir, beside)
    }

    /// Ends what is under way and closes everything.
    pub async fn close(&self) {
        let open: Vec<_> = self.workspaces().drain().collect();
        for (_, cell) in open {
            if let Some(namespace) = cell.get() {
                namespace.close().await;
            }
        }
        self.0.directory.close().await;
        let tasks = &self.0.opener.tasks;
        tasks.close();
        if tokio::time::timeout(CLOSING, tasks.wait()).await.is_err() {
            tracing::warn!("writes were still under way when the store was closed");
        }
        if let Some(pool) = &self.0.opener.pool
            && tokio::time::timeout(CLOSING, pool.close()).await.is_err()
        {
            tracing::warn!("connections to PostgreSQL were still in use when the store was closed");
        }
    }

    /// In a box, so that it is compiled here and not once more wherever a workspace is asked for.
    fn get_or_open(&self, id: WorkspaceId, missing: Missing) -> BoxFuture<'_, Result<Namespace, Error>> {
        Box::pin(async move {
            let cell = Arc::clone(self.workspaces().entry(id).or_default());
            let namespace = cell.get_or_try_init(|| self.0.opener.open(Some(id), missing)).await.cloned();
            if namespace.is_err() {
                // An id that names nothing must not be remembered.
                forget(&mut self.workspaces(), id, &cell);
            }
            namespace
        })
    }

    fn workspaces(&self) -> MutexGuard<'_, Workspaces> {
        self.0.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a cell whose opening failed, unless another caller has it: it may be opening at this moment, and who
/// did not find its cell would open the same file a second time.
fn forget(workspaces: &mut Workspaces, id: WorkspaceId, failed: &Arc<OnceCell<Namespace>>) {
    // The table's and the failed caller's: nobody can come to have it while the table is locked.
    let is_ours = |cell: &Arc<_>| Arc::ptr_eq(cell, failed) && Arc::strong_count(cell) == 2;
    if workspaces.get(&id).is_some_and(|cell| !cell.initialized() && is_ours(cell)) {
        workspaces.remove(&id);
    }
}

/// What to do about a namespace that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Refuse,
}

/// Opens namespaces.
struct Opener {
    config: StoreConfig,
    environment: Environment,
    pool: Option<postgres::Pool>,
    places: Arc<sqlite::Places>,
    tasks: TaskTracker,
    commits: Commits,
}

impl Opener {
    async fn open(&self, id: Option<WorkspaceId>, missing: Missing) -> Result<Namespace, Error> {
        let namespace = match &self.pool {
            None => {
                let file = Engine::Sqlite(self.open_file(id, missing).await?);
                Namespace::new(id, file, self.commits.clone())
            }
            Some(pool) => {
                let (space, missing) = self.open_schema(pool, id, missing).await?;
                let namespace = Namespace::new(id, Engine::Postgres(space), self.commits.clone());
                self.migrate_schema(&namespace, missing).await?;
                namespace
            }
        };
        if let Some(id) = id {
            let (name, now) = (format!("workspace {id}"), self.environment.now());
            data_steps::run(&namespace, &name, &self.config.data_steps, now).await?;
        }
        Ok(namespace)
    }

    async fn open_file(&self, id: Option<WorkspaceId>, missing: Missing) -> Result<sqlite::Space, Error> {
        let data_dir = self.config.data_dir.clone();
        let path = match id {
            None => folder::directory_file(&data_dir),
            Some(id) => folder::workspace_file(&data_dir, id),
        };
        let missing = match id {
            // Where workspaces lie, there was a directory.
            None if blocking(move || folder::has_workspaces(&data_dir)).await? => Missing::Refuse,
            _ => missing,
        };
        let subject = self.subject(id, missing);
        if subject.is_expected {
            let path = path.clone();
            // Before anything is opened or made to close for it.
            if !blocking(move || Ok(path.exists())).await? {
                return Err(subject.missing("has no file"));
            }
        }
        let space = sqlite::Space::new(&path, id.is_some(), &self.places, &self.config);
        let now = self.environment.now();
        space.prepare(move |path| first_session(path, &subject, now)).await?;
        Ok(space)
    }

    async fn open_schema(
        &self,
        pool: &postgres::Pool,
        id: Option<WorkspaceId>,
        missing: Missing,
    ) -> Result<(postgres::Space, Missing), Error> {
        let schema = id.map_or_else(|| DIRECTORY_SCHEMA.to_owned(), postgres::schema_of_workspace);
        let space = postgres::Space::new(pool, &schema, &self.config, &self.environment, &self.tasks);
        let missing = match id {
            None if !postgres::workspace_schemas(pool).await?.is_empty() => Missing::Refuse,
            _ => missing,
        };
        if !space.exists().await? {
            match missing {
                Missing::Refuse => return Err(self.subject(id, missing).missing("has no schema")),
                Missing::Create => space.create().await?,
            }
        }
        Ok((space, missing))
    }

    async fn migrate_schema(&self, namespace: &Namespace, missing: Missing) -> Result<(), Error> {
        let now = self.environment.now();
        let subject = self.subject(namespace.id(), missing);
        let embedded = migrations::embedded(Dialect::Postgres, subject.set());
        namespace
            .alter((subject, embedded), move |tx, (subject, embedded)| {
                Box::pin(migrations::migrate(tx, subject, embedded, now))
            })
            .await
    }

    fn subject(&self, id: Option<WorkspaceId>, missing: Missing) -> Subject {
        Subject { id, place: self.place(id), is_expected: missing == Missing::Refuse }
    }

    /// Where a namespace lies, in words.
    fn place(&self, id: Option<WorkspaceId>) -> String {
        match (&self.pool, id) {
            (None, None) => folder::directory_file(&self.config.data_dir).display().to_string(),
            (None, Some(id)) => folder::workspace_file(&self.config.data_dir, id).display().to_string(),
            (Some(_), None) => format!("schema {DIRECTORY_SCHEMA}"),
            (Some(_), Some(id)) => format!("schema {}", postgres::schema_of_workspace(id)),
        }
    }
}

/// Opens a file, brings it up to date where it is not, and returns the connection for what comes next.
fn first_session(
    path: &Path,
    subject: &Subject,
    now: Timestamp,
) -> Result<(sqlite::Role, sqlite::Session), Error> {
    if subject.is_expected {
        let mut session = sqlite::Session::open(path, sqlite::Role::Reader, false)?;
        if is_current(&mut session, subject) {
            return Ok((sqlite::Role::Reader, session));
        }
    }
    let mut session = sqlite::Session::open(path, sqlite::Role::Writer, !subject.is_expected)?;
    migrate_file(&mut session, subject, now)?;
    Ok((sqlite::Role::Writer, session))
}

/// Whether a file has all migrations and is whose it should be; where it cannot be told, migrating it says why.
fn is_current(session: &mut sqlite::Session, subject: &Subject) -> bool {
    let scope = Scope::sqlite();
    let mut tx = Tx::new(Connection::Sqlite(session), &scope, Mode::Read);
    let embedded = migrations::embedded(Dialect::Sqlite, subject.set());
    let standing = migrations::standing(&mut tx, &embedded).now_or_never();
    if !matches!(standing, Some(Ok(migrations::Standing::Current(_)))) {
        return false;
    }
    match subject.id {
        None => true,
        Some(id) => matches!(migrations::owner(&mut tx).now_or_never(), Some(Ok(Some(owner))) if owner == id),
    }
}

/// Migrates a file before its threads exist.
fn migrate_file(session: &mut sqlite::Session, subject: &Subject, now: Timestamp) -> Result<(), Error> {
    let embedded = migrations::embedded(Dialect::Sqlite, subject.set());
    let scope = Scope::sqlite();
    let mut tx = Tx::new(Connection::Sqlite(session), &scope, Mode::Alter);
    let work = async {
        tx.batch("BEGIN IMMEDIATE").await?;
        migrations::migrate(&mut tx, subject, &embedded, now).await?;
        tx.batch("COMMIT").await
    };
    work.now_or_never().unwrap_or(Err(Error::NotReady))
}

/// Runs what touches files on a thread where it may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Error::Panicked(error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_opening_is_forgotten_unless_another_caller_is_opening() {
        let id: WorkspaceId = Environment::system().new_id();
        let mut workspaces = Workspaces::new();
        let failed = Arc::clone(workspaces.entry(id).or_default());
        let opening = Arc::clone(&failed);
        forget(&mut workspaces, id, &failed);
        assert!(workspaces.contains_key(&id), "another caller is opening it");
        drop(opening);
        forget(&mut workspaces, id, &failed);
        assert!(!workspaces.contains_key(&id));
        workspaces.entry(id).or_default();
        forget(&mut workspaces, id, &failed);
        assert!(workspaces.contains_key(&id), "this is another one");
    }
}
