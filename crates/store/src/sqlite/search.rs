//! The search index of a file, as its one writer keeps it.

use std::time::{Duration, Instant};

use rusqlite::params;
use uuid::Uuid;

use super::Session;

/// Documents that wait to be indexed at once, at most.
const MOST_PENDING: usize = 1_000;
/// How long a document waits at most while the writer is awake.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What its writer knows of the documents that wait. It may take some to be waiting that were undone.
#[derive(Default)]
pub(crate) struct Pending {
    count: usize,
    since: Option<Instant>,
}

impl Session {
    /// Stores or replaces the tokens by which records of one object are found.
    pub(crate) fn index_documents(
        &mut self,
        object: &str,
        documents: &[(Uuid, String)],
    ) -> rusqlite::Result<()> {
        {
            let mut number = self.connection.prepare_cached(
                "INSERT INTO search_documents (object, record_id) VALUES (?1, ?2) \
                 ON CONFLICT (object, record_id) DO UPDATE SET object = excluded.object RETURNING id",
            )?;
            let mut keep = self.connection.prepare_cached(
                "INSERT INTO search_pending (id, tokens) VALUES (?1, ?2) \
                 ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens",
            )?;
            for (record, tokens) in documents {
                let id: i64 = number.query_row(params![object, record], |row| row.get(0))?;
                keep.execute(params![id, tokens])?;
            }
        }
        self.expect_pending(documents.len());
        if self.pending.count >= MOST_PENDING { self.index_pending() } else { Ok(()) }
    }

    pub(crate) fn remove_document(&mut self, object: &str, record: Uuid) -> rusqlite::Result<()> {
        for sql in [
            "DELETE FROM search_index WHERE rowid = \
             (SELECT id FROM search_documents WHERE object = ?1 AND record_id = ?2)",
            "DELETE FROM search_pending WHERE id = \
             (SELECT id FROM search_documents WHERE object = ?1 AND record_id = ?2)",
            "DELETE FROM search_documents WHERE object = ?1 AND record_id = ?2",
        ] {
            self.connection.prepare_cached(sql)?.execute(params![object, record])?;
        }
        Ok(())
    }

    /// Indexes what waits, by one statement: the index writes what it gathered whenever one begins.
    pub(crate) fn index_pending(&mut self) -> rusqlite::Result<()> {
        self.pending = Pending::default();
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO search_index (rowid, tokens) SELECT id, tokens FROM search_pending ORDER BY id",
            )?
            .execute([])?;
        self.connection.prepare_cached("DELETE FROM search_pending")?.execute([]).map(drop)
    }

    fn expect_pending(&mut self, count: usize) {
        if count > 0 {
            self.pending.count += count;
            self.pending.since.get_or_insert_with(Instant::now);
        }
    }

    /// Looks whether documents were left waiting when the file was closed.
    pub(crate) fn find_pending(&mut self) -> rusqlite::Result<()> {
        let count: usize =
            self.connection.query_row("SELECT count(*) FROM search_pending", [], |row| row.get(0))?;
        self.expect_pending(count);
        Ok(())
    }

    /// Leaves what waits until more is written.
    pub(super) fn forget_pending(&mut self) {
        self.pending = Pending::default();
    }

    /// How long the documents that wait may still do so; nothing where none does.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.pending.since.map(|since| LONGEST_WAIT.saturating_sub(since.elapsed()))
    }
}
