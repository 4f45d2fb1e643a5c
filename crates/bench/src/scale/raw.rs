//! The database itself, asked beside the server.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use sqlx::{AssertSqlSafe, Executor as _, PgPool};

use super::Measure;
use crate::Result;

/// The tables of the workspace.
pub enum Raw {
    Sqlite(Connection),
    Postgres(PgPool),
}

impl Raw {
    /// Opens the workspace's file as the server does.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn sqlite(file: &Path) -> Result<Self> {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "cache_size", -8_192)?;
        connection.pragma_update(None, "temp_store", "memory")?;
        Ok(Self::Sqlite(connection))
    }

    /// Connects to the database.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn postgres(url: &str) -> Result<Self> {
        Ok(Self::Postgres(PgPool::connect(url).await?))
    }

    /// Runs a measure's statement and reads all its rows; how many there were.
    ///
    /// # Errors
    /// What the database said.
    pub async fn run(&self, measure: &Measure) -> Result<usize> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&measure.sqlite)?;
                let width = statement.column_count();
                let mut rows = statement.query([])?;
                let mut count = 0;
                while let Some(row) = rows.next()? {
                    for column in 0..width {
                        let _: rusqlite::types::Value = row.get(column)?;
                    }
                    count += 1;
                }
                Ok(count)
            }
            Self::Postgres(pool) => {
                let sql = AssertSqlSafe(measure.postgres.clone());
                Ok(pool.fetch_all(sqlx::query(sql)).await?.len())
            }
        }
    }
}
