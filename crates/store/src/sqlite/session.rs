//! A connection with its settings, its deadline and the cache of its statements.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, types::Value};
use sea_query::Values;

use super::{bind::bind, describe, search::Pending};
use crate::{Error, Row, folder, row::RowSource};

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 128;
/// How long a connection waits for another program's lock.
const BUSY: Duration = Duration::from_secs(5);
/// How many virtual-machine instructions run between two looks at the clock.
const DEADLINE_STEPS: i32 = 4_000;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Writer,
    Reader,
}

/// The pages that a file may have that is thrown away, of 4 KiB each.
const THROWAWAY_PAGES: i64 = 64 * 1024;

pub(crate) struct Session {
    pub(super) connection: Connection,
    deadline: Arc<Deadline>,
    pub(super) pending: Pending,
    /// The bound of the page cache in KiB; zero for SQLite's own.
    cache: usize,
}

/// When the running unit has to end, in microseconds since `start`; zero for never.
struct Deadline {
    start: Instant,
    micros: AtomicU64,
}

impl Deadline {
    fn passed(&self) -> bool {
        let micros = self.micros.load(Ordering::Relaxed);
        micros != 0 && self.start.elapsed() > Duration::from_micros(micros)
    }
}

impl Session {
    /// Opens a file that exists, or makes it, for its owner alone, when `create` is set.
    ///
    /// # Errors
    /// [`Error::Missing`] where a file that is not to be made is gone or holds nothing.
    pub(crate) fn open(path: &Path, role: Role, create: bool) -> Result<Self, Error> {
        if create {
            folder::make_file(path)?;
        } else if !path.exists() {
            return Err(folder::missing(path, "has no file"));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let deadline = Arc::new(Deadline { start: Instant::now(), micros: AtomicU64::new(0) });
        let at = |error| match describe(error) {
            Error::Damaged { reason, source } => {
                Error::Damaged { reason: format!("{}: {reason}", path.display()), source }
            }
            other => other,
        };
        let connection = Connection::open_with_flags(path, flags).map_err(at)?;
        connection.busy_timeout(BUSY).map_err(at)?;
        // Before anything is set, which would write to an empty file.
        if !create && is_empty(&connection).map_err(at)? {
            return Err(folder::missing(path, "is empty"));
        }
        configure(&connection, role).map_err(at)?;
        let watched = Arc::clone(&deadline);
        connection.progress_handler(DEADLINE_STEPS, Some(move || watched.passed())).map_err(at)?;
        Ok(Self { connection, deadline, pending: Pending::default(), cache: 0 })
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Statements are interrupted once this moment has passed.
    pub(crate) fn set_deadline(&self, deadline: Option<Instant>) {
        let micros = deadline.map_or(0, |deadline| {
            let duration = deadline.saturating_duration_since(self.deadline.start);
            u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
        });
        self.deadline.micros.store(micros, Ordering::Relaxed);
    }

    pub(crate) fn in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs a statement without values, kept prepared.
    pub(crate) fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    pub(crate) fn batch(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.execute_batch(sql)
    }

    pub(crate) fn query(&self, sql: &str, values: Values, limit: usize) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let width = statement.column_count();
        let mut rows = statement.query(bind(values))?;
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(row) = rows.next()?
        {
            let mut columns = Vec::with_capacity(width);
            for index in 0..width {
                columns.push(row.get::<_, Value>(index)?);
            }
            found.push(Row(RowSource::Sqlite(columns)));
        }
        Ok(found)
    }

    pub(crate) fn execute(&self, sql: &str, values: Values) -> rusqlite::Result<u64> {
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(bind(values)).map(|rows| rows as u64)
    }

    /// As [`Session::query`], with the names of the columns.
    pub(crate) fn query_named(&self, sql: &str, values: Values) -> rusqlite::Result<(Vec<String>, Vec<Row>)> {
        let statement = self.connection.prepare_cached(sql)?;
        let names = statement.column_names().into_iter().map(str::to_owned).collect();
        drop(statement);
        Ok((names, self.query(sql, values, usize::MAX)?))
    }

    /// Has commits wait for the disk no more, and bounds how large the file may become.
    pub(crate) fn make_throwaway(&self) {
        let set = self.connection.pragma_update(None, "synchronous", "off").and_then(|()| {
            self.connection.pragma_update_and_check(None, "max_page_count", THROWAWAY_PAGES, |_| Ok(()))
        });
        if let Err(error) = set {
            tracing::debug!(%error, "SQLite keeps a throw-away file as any other");
        }
    }

    /// Bounds the page cache, in KiB.
    pub(crate) fn set_cache(&mut self, kib: usize) {
        if self.cache == kib {
            return;
        }
        let pages = -i64::try_from(kib).unwrap_or(i64::MAX);
        match self.connection.pragma_update(None, "cache_size", pages) {
            Ok(()) => self.cache = kib,
            Err(error) => tracing::debug!(%error, "SQLite kept the size of its page cache"),
        }
    }
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

fn configure(connection: &Connection, role: Role) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A misspelt column in double quotes is an error, not a string.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // With the statistics that SQLite is built with, a statement would otherwise be compiled again for each new
    // value bound to it: a fifth of the time of a unit of small statements.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if role == Role::Writer {
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "full")?;
        // In pages of 4 KiB. While the log grows, each commit waits longer for the disk: with 8,000, a turn in a new
        // workspace took a sixth longer, and loading was no faster.
        connection.pragma_update_and_check(None, "wal_autocheckpoint", 2_000, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_size_limit", 64 << 20, |_| Ok(()))?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "query_only", role == Role::Reader)?;
    Ok(())
}
