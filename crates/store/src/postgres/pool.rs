//! The connections to PostgreSQL.

use std::{
    ops::{Deref, DerefMut},
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool, Postgres,
    Row as _, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::describe;
use crate::{Error, StoreConfig};

/// Prepared statements kept per connection. Table names are qualified, so each workspace has its own.
const STATEMENTS: usize = 512;
/// The oldest server this is tested with, as its version number.
const OLDEST_SERVER: u32 = 150_000;

/// Connects, so that a wrong address is told at once.
pub(crate) async fn connect(url: &str, config: &StoreConfig) -> Result<Pool, Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|source| Error::Unavailable {
            reason: "the database URL is not valid".to_owned(),
            source: Some(source.into()),
        })?
        .application_name("kontor")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    // What all transactions have in common is set once. Roles and schemas have the same names, so that the search
    // path of a transaction is the schema of the role that it takes on.
    let settings = format!(
        "SET search_path TO \"$user\"; SET statement_timeout TO {}",
        config.read_deadline.as_millis()
    );
    let size = config.pool_size.max(2);
    let pool = PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(config.read_deadline)
        .idle_timeout(Duration::from_secs(300))
        // Each transaction begins with a statement of its own, which finds a dead connection as well.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(
                async move { connection.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await.map(drop) },
            )
        })
        .connect_with(options)
        .await
        .map_err(describe)?;
    let version = pool.acquire().await.map_err(describe)?.server_version_num().unwrap_or_default();
    if version < OLDEST_SERVER {
        return Err(Error::unavailable("PostgreSQL 15 or newer is needed"));
    }
    let free = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(2)));
    let patience = config.read_deadline;
    Ok(Pool(Arc::new(Inner { connections: pool, free, committed: Mutex::default(), patience })))
}

/// The connections, of which those that have just committed wait apart: nothing is under way on them, while every
/// connection that goes back into sqlx's pool costs a round trip that asks it.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    connections: PgPool,
    /// As many as there may be connections, so that whoever has a permit and finds none waiting apart gets one.
    free: Arc<Semaphore>,
    committed: Mutex<Vec<Held>>,
    patience: Duration,
}

impl Pool {
    pub(crate) async fn acquire(&self) -> Result<Lent, Error> {
        let Inner { connections, free, patience, .. } = &*self.0;
        let permit = tokio::time::timeout(*patience, free.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(describe(sqlx::Error::PoolTimedOut)) };
        let waiting = self.committed().pop();
        let held = match waiting {
            Some(held) => held,
            None => Held::new(connections.acquire().await.map_err(describe)?),
        };
        Ok(Lent { held, pool: self.clone(), _permit: permit })
    }

    pub(crate) async fn close(&self) {
        self.0.free.close();
        self.committed().clear();
        self.0.connections.close().await;
    }

    fn committed(&self) -> MutexGuard<'_, Vec<Held>> {
        self.0.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection of sqlx's pool. Dropped, it goes back there when what is under way on it has come to its end.
struct Held {
    connection: PoolConnection<Postgres>,
    /// A transaction was asked for and its beginning not heard of. sqlx counts it from its beginning on, so that one
    /// whose caller leaves in between stays open on a connection in the pool: whoever got that next would write into
    /// a transaction of somebody else, which may only read. Such a connection is closed.
    is_beginning: bool,
}

impl Held {
    fn new(connection: PoolConnection<Postgres>) -> Self {
        Self { connection, is_beginning: false }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_beginning {
            self.connection.close_on_drop();
        }
    }
}

/// A connection in use.
pub(crate) struct Lent {
    held: Held,
    pool: Pool,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    /// Begins a transaction, by this statement or the usual one.
    pub(crate) async fn begin(
        &mut self,
        statement: Option<&Arc<str>>,
    ) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
        let Held { connection, is_beginning } = &mut self.held;
        *is_beginning = true;
        let begun = match statement {
            Some(statement) => connection.begin_with(AssertSqlSafe(Arc::clone(statement))).await,
            None => connection.begin().await,
        };
        // What a failed beginning leaves is not known either.
        *is_beginning = begun.is_err();
        begun
    }

    /// Gives back a connection on which nothing is under way.
    pub(crate) fn give_back(self) {
        let Self { held, pool, _permit: permit } = self;
        let mut committed = pool.committed();
        if !pool.0.free.is_closed() {
            committed.push(held);
        }
        drop((committed, permit));
    }

    /// Ends a connection that is not to be used again.
    pub(crate) fn end(mut self) {
        self.held.connection.close_on_drop();
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.held.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.held.connection
    }
}

/// The ids, as text, of the workspaces that have a schema.
pub(crate) async fn workspace_schemas(pool: &Pool) -> Result<Vec<String>, Error> {
    let mut connection = pool.acquire().await?;
    let rows =
        sqlx::query(r"SELECT substr(nspname, 4) FROM pg_namespace WHERE nspname LIKE 'ws\_%' ORDER BY 1")
            .fetch_all(&mut *connection)
            .await
            .map_err(describe)?;
    rows.iter().map(|row| row.try_get(0).map_err(describe)).collect()
}
