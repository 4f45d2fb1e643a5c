//! A schema with its role, and units run in it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::future::FutureExt as _;
use kontor_core::{environment::Environment, ids::WorkspaceId};
use sqlx::{PgConnection, Row as _};
use tokio_util::task::TaskTracker;

use super::{Lent, Pool, describe, failure};
use crate::{
    Error, Premise, StoreConfig, Tx,
    ddl::quote,
    sqlite::panic_message,
    tx::{Connection, Failure, Mode, Scope},
    unit::Unit,
};

/// How often a unit is tried before its conflicts are reported.
const ATTEMPTS: u32 = 12;
/// How much longer this side waits than the server, which ends a statement by itself.
const GRACE: Duration = Duration::from_secs(5);
/// How long one change of the schema may take: a migration may write every row of a large table.
const ALTER_DEADLINE: Duration = Duration::from_secs(600);

#[derive(Clone)]
pub(crate) struct Space(Arc<Inner>);

struct Inner {
    pool: Pool,
    scope: Scope,
    schema: String,
    begin_read: Arc<str>,
    begin_write: Arc<str>,
    begin_alter: Arc<str>,
    read_deadline: Duration,
    write_deadline: Duration,
    environment: Environment,
    tasks: TaskTracker,
}

/// The schema of a workspace, and the name of its role.
pub(crate) fn schema_of_workspace(id: WorkspaceId) -> String {
    format!("ws_{}", id.as_uuid().simple())
}

impl Space {
    pub(crate) fn new(
        pool: &Pool,
        schema: &str,
        config: &StoreConfig,
        environment: &Environment,
        tasks: &TaskTracker,
    ) -> Self {
        // The search path follows the role, and the deadline of reads is the connection's own: see `connect`.
        let begin = |mode: &str, then: &str| -> Arc<str> {
            format!("BEGIN {mode}; SET LOCAL ROLE {}{then}", quote(schema)).into()
        };
        let timeout = format!("; SET LOCAL statement_timeout TO {}", config.write_deadline.as_millis());
        // Writes find rows by their keys, so that a plan that knows no values is as good as one that does, and
        // need not be made again for each.
        let write = format!("{timeout}; SET LOCAL plan_cache_mode TO force_generic_plan");
        // Who waits for another's change waits no longer than a write.
        let lock = format!(
            "; SET LOCAL statement_timeout TO {}; SET LOCAL lock_timeout TO {}; \
             SELECT pg_advisory_xact_lock(hashtextextended('kontor:alter:{schema}', 0))",
            ALTER_DEADLINE.as_millis(),
            config.write_deadline.as_millis(),
        );
        Self(Arc::new(Inner {
            pool: pool.clone(),
            scope: Scope::postgres(schema),
            schema: schema.to_owned(),
            // One snapshot for all of a unit's statements, as on SQLite.
            begin_read: begin("ISOLATION LEVEL REPEATABLE READ READ ONLY", ""),
            // A row changed by another since the snapshot makes the unit run again: no update is lost.
            begin_write: begin("ISOLATION LEVEL REPEATABLE READ", &write),
            // Schema changes of a namespace run one after another and see each other's results.
            begin_alter: begin("ISOLATION LEVEL READ COMMITTED", &lock),
            read_deadline: config.read_deadline,
            write_deadline: config.write_deadline,
            environment: environment.clone(),
            tasks: tasks.clone(),
        }))
    }

    pub(crate) async fn exists(&self) -> Result<bool, Error> {
        let mut connection = self.0.pool.acquire().await?;
        let found = sqlx::query("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)")
            .bind(&self.0.schema)
            .fetch_one(&mut *connection);
        within(self.0.read_deadline + GRACE, found).await.and_then(|row| row.try_get(0)).map_err(describe)
    }

    /// Makes the role and the schema where they are missing. Roles belong to the whole server, so another
    /// database's Kontor may be making the same one.
    pub(crate) async fn create(&self) -> Result<(), Error> {
        let sql = format!(
            "SELECT pg_advisory_xact_lock(hashtextextended('kontor:create', 0));
             DO $$ BEGIN
                 CREATE ROLE {name} NOLOGIN;
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
             END $$;
             DO $$ BEGIN
                 IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
                     EXECUTE 'GRANT {name} TO ' || quote_ident(current_user);
                 END IF;
             END $$;
             CREATE SCHEMA IF NOT EXISTS {name} AUTHORIZATION {name};",
            name = quote(&self.0.schema),
        );
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut connection = self.0.pool.acquire().await?;
            let result = async {
                let mut transaction = connection.begin(None).await?;
                super::batch(&mut transaction, sql.clone()).await?;
                transaction.commit().await
            };
            match within(self.0.write_deadline + GRACE, result).await {
                Ok(()) => return Ok(()),
                Err(error) if attempt < 5 && matches!(error, sqlx::Error::Database(_)) => {
                    tracing::debug!(%error, schema = %self.0.schema, "making a schema is tried again");
                    self.pause(attempt).await;
                }
                Err(error) => return Err(describe(error)),
            }
        }
    }

    /// Drops the schema with all that is in it, and the role.
    pub(crate) async fn remove(&self) -> Result<(), Error> {
        let name = quote(&self.0.schema);
        let sql = format!("DROP SCHEMA IF EXISTS {name} CASCADE; DROP ROLE IF EXISTS {name};");
        let mut connection = self.0.pool.acquire().await?;
        let removed = async {
            let mut transaction = connection.begin(None).await?;
            super::batch(&mut transaction, sql).await?;
            transaction.commit().await
        };
        within(self.0.write_deadline + GRACE, removed).await.map_err(describe)
    }

    /// Runs a unit. A write goes on when its caller leaves, as on SQLite.
    pub(crate) async fn run(&self, mode: Mode, mut unit: Box<dyn Unit>) {
        if mode == Mode::Read {
            self.attempt_until_done(mode, &mut *unit).await;
            return unit.answer();
        }
        let space = self.clone();
        self.0.tasks.spawn(async move {
            space.attempt_until_done(mode, &mut *unit).await;
            unit.answer();
        });
    }

    async fn attempt_until_done(&self, mode: Mode, unit: &mut dyn Unit) {
        for attempt in 1..=ATTEMPTS {
            if self.attempt(mode, unit).await == Attempt::Done {
                return;
            }
            if attempt < ATTEMPTS {
                self.pause(attempt).await;
            }
        }
    }

    async fn attempt(&self, mode: Mode, unit: &mut dyn Unit) -> Attempt {
        let (begin, limit) = match mode {
            Mode::Read => (&self.0.begin_read, self.0.read_deadline),
            Mode::Write => (&self.0.begin_write, self.0.write_deadline),
            Mode::Alter => (&self.0.begin_alter, ALTER_DEADLINE),
        };
        let mut connection = match self.0.pool.acquire().await {
            Ok(connection) => connection,
            Err(error) => {
                unit.fail(error);
                return Attempt::Done;
            }
        };
        let (attempt, left) = self.attempt_on(&mut connection, begin, limit + GRACE, mode, unit).await;
        match left {
            Left::Idle => connection.give_back(),
            Left::Busy => drop(connection),
            Left::Broken => connection.end(),
        }
        attempt
    }

    /// Runs a unit once; tells as well how it left the connection.
    async fn attempt_on(
        &self,
        connection: &mut Lent,
        begin: &Arc<str>,
        limit: Duration,
        mode: Mode,
        unit: &mut dyn Unit,
    ) -> (Attempt, Left) {
        let begun = within(limit, connection.begin(Some(begin)));
        let mut transaction = match begun.await {
            Ok(transaction) => transaction,
            Err(error) => {
                // A connection that died while it waited in the pool: nothing has been done, so another one
                // can be tried.
                let attempt = Attempt::again_if(failure(&error) == Failure::Lost);
                unit.fail(describe(error));
                return (attempt, Left::Broken);
            }
        };
        let mut tx = Tx::new(Connection::Postgres(&mut transaction), &self.0.scope, mode);
        tx.premise = unit.premise();
        let ran = AssertUnwindSafe(run(unit, &mut tx)).catch_unwind();
        let ran = tokio::time::timeout(limit, ran).await;
        let (failed, premise) = (tx.failure, tx.premise);
        let refused = match ran {
            // Nothing to commit: the transaction ends when it is dropped, in the round trip with which its
            // connection goes back to the pool, and nobody waits for that.
            Ok(Ok(true)) if failed.is_none() && mode == Mode::Read => return (Attempt::Done, Left::Busy),
            Ok(Ok(true)) if failed.is_none() => {
                return match within(limit, transaction.commit()).await {
                    Ok(()) => (Attempt::Done, Left::Idle),
                    Err(error) => {
                        let attempt = Attempt::again_if(failure(&error) == Failure::Rerun);
                        unit.fail(describe(error));
                        (attempt, Left::Broken)
                    }
                };
            }
            Ok(Ok(true)) => Some(Error::Aborted),
            Ok(Ok(false)) => None,
            Ok(Err(panic)) => Some(Error::Panicked(panic_message(&*panic))),
            Err(_) => {
                unit.fail(Error::Timeout { source: None });
                return (Attempt::Done, Left::Broken);
            }
        };
        if let Some(error) = refused {
            unit.fail(error);
        }
        let undone = within(limit, transaction.rollback()).await;
        let left = match undone {
            Ok(()) if failed != Some(Failure::Rerun) => match premise {
                Some(premise) => self.explain(premise, connection, limit, unit).await,
                None => Left::Idle,
            },
            Ok(()) => Left::Idle,
            Err(error) => {
                tracing::debug!(%error, "a transaction could not be rolled back; its connection is closed");
                Left::Broken
            }
        };
        (Attempt::again_if(failed == Some(Failure::Rerun)), left)
    }

    /// Withdraws a unit that failed before its premise was looked at, where that does not hold.
    async fn explain(
        &self,
        premise: Premise,
        connection: &mut PgConnection,
        limit: Duration,
        unit: &mut dyn Unit,
    ) -> Left {
        let mut tx = Tx::new(Connection::Postgres(connection), &self.0.scope, Mode::Read);
        match tokio::time::timeout(limit, premise.holds(&mut tx)).await {
            Ok(Ok(true)) => Left::Idle,
            Ok(Ok(false)) => {
                unit.withdraw();
                Left::Idle
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "it cannot be told whether what a unit took for granted holds");
                Left::Broken
            }
            Err(_) => Left::Broken,
        }
    }

    /// Waits a random while that grows with the attempts: up to 2 ms after the first, 64 ms at most.
    async fn pause(&self, attempt: u32) {
        let limit = 1_000_u64 << attempt.min(6);
        let micros = u64::from_le_bytes(self.0.environment.random()) % limit;
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
}

/// Runs a unit; whether it succeeded, on a premise that holds. Its failure is explained after it was undone.
async fn run(unit: &mut dyn Unit, tx: &mut Tx<'_>) -> bool {
    if !unit.run(tx).await {
        return false;
    }
    let (Some(premise), None) = (tx.premise, tx.failure) else { return true };
    match premise.holds(tx).await {
        Ok(true) => true,
        Ok(false) => {
            tx.premise = None;
            unit.withdraw();
            false
        }
        Err(error) => {
            unit.fail(error);
            false
        }
    }
}

/// Waits for the server no longer than `limit`; then the connection counts as lost.
async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    tokio::time::timeout(limit, answer).await.unwrap_or_else(late)
}

/// How an attempt leaves its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing is under way on it.
    Idle,
    /// Its transaction is to be ended, for which nobody waits.
    Busy,
    Broken,
}

/// How one attempt ended. The unit keeps its result, or the error for which it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    Done,
    Again,
}

impl Attempt {
    fn again_if(worth: bool) -> Self {
        if worth { Self::Again } else { Self::Done }
    }
}
