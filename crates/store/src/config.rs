//! What a store is opened with.

use std::{fmt, path::PathBuf, time::Duration};

use crate::{DataStep, Dialect};

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
    /// How many threads read each open SQLite file at most.
    pub readers: usize,
    /// How many workspaces have their SQLite file open at one time at most. Each takes up to three file
    /// descriptors and two for every reader; see [`Self::descriptors_per_workspace`].
    pub open_workspaces: usize,
    /// How long a workspace that nobody holds is remembered. Its file is closed long before.
    pub idle_after: Duration,
    /// Whether the data is nobody's to keep: on SQLite a commit does not wait for the disk then, and a power failure may
    /// damage the files.
    pub is_throwaway: bool,
    /// What is made, once, of the data that older versions wrote.
    pub data_steps: Vec<DataStep>,
}

impl StoreConfig {
    /// Enough for a server whose people work in a few dozen workspaces at the same moment.
    pub const OPEN_WORKSPACES: usize = 40;

    /// The file descriptors that a workspace takes at most while its file is open: for each connection the
    /// file and its log, and once the index of the log.
    pub fn descriptors_per_workspace(&self) -> usize {
        2 * (1 + self.readers.max(1)) + 1
    }

    /// SQLite in `data_dir`, with limits that suit a small server.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            read_deadline: Duration::from_secs(10),
            write_deadline: Duration::from_secs(30),
            pool_size: 20,
            readers: 2,
            open_workspaces: Self::OPEN_WORKSPACES,
            idle_after: Duration::from_secs(300),
            is_throwaway: false,
            data_steps: Vec::new(),
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
