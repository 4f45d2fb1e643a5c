//! What a store is opened with.

use std::{fmt, path::PathBuf, time::Duration};

use crate::Dialect;

/// Where the data is, and the limits of working with it.
#[derive(Clone)]
pub struct StoreConfig {
    /// The data folder; on PostgreSQL it holds no tables.
    pub data_dir: PathBuf,
    /// A `postgres://` address; without one, SQLite files in the data folder.
    pub database_url: Option<String>,
    /// How long a reading unit may take: on SQLite its wait for a thread included, on PostgreSQL each attempt at
    /// it, of which there may be several, without its wait for a connection.
    pub read_deadline: Duration,
    /// How long a writing unit may take: on SQLite its wait for the writer included, on PostgreSQL each attempt at
    /// it, as above.
    pub write_deadline: Duration,
    /// How many connections to PostgreSQL this process holds at most.
    pub pool_size: u32,
    /// How many threads read each open SQLite file.
    pub readers: usize,
    /// How long an open workspace that nobody holds stays open.
    pub idle_after: Duration,
}

impl StoreConfig {
    /// SQLite in `data_dir`, with limits that suit a small server.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            read_deadline: Duration::from_secs(10),
            write_deadline: Duration::from_secs(30),
            pool_size: 20,
            readers: 2,
            idle_after: Duration::from_secs(300),
        }
    }

    /// The engine this configuration names.
    pub fn engine(&self) -> Dialect {
        if self.database_url.is_some() { Dialect::Postgres } else { Dialect::Sqlite }
    }
}

/// The address may hold a password, so it is never printed.
impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("data_dir", &self.data_dir)
            .field("engine", &self.engine())
            .finish_non_exhaustive()
    }
}
