//! SQLite by hand: one writer and a few readers on the workspace's own file, one commit a request.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kontor_core::{environment::Environment, time::Timestamp};
use rusqlite::{Connection, OpenFlags, Row, params};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    Failure,
    contact::{Cells, Changes, Contact, NewContact, WRITER, WRITTEN},
    statements::{Statements, alternatives},
};
use crate::records::Listing;

const READERS: usize = 4;
/// The ids of the contacts in the index that match.
const FOUND: &str = "SELECT d.record_id FROM search_index CROSS JOIN search_documents d ON d.id = search_index.rowid \
                     WHERE search_index MATCH $1 AND d.object = 'contact'";

#[derive(Clone)]
pub(super) struct Sqlite(Arc<Inner>);

struct Inner {
    statements: Statements,
    insert: String,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    free_readers: Semaphore,
    environment: Environment,
}

impl Sqlite {
    pub(super) fn open(file: &Path, environment: Environment) -> Result<Self, Failure> {
        let readers = (0..READERS).map(|_| connect(file)).collect::<Result<_, _>>()?;
        let statements = Statements::new("", FOUND);
        let places: Vec<_> = (1..=WRITTEN.len()).map(|place| format!("?{place}")).collect();
        Ok(Self(Arc::new(Inner {
            insert: format!("{}VALUES ({})", statements.insert, places.join(", ")),
            statements,
            writer: Mutex::new(connect(file)?),
            readers: Mutex::new(readers),
            free_readers: Semaphore::new(READERS),
            environment,
        })))
    }

    pub(super) async fn get(&self, id: Uuid) -> Result<Option<Contact>, Failure> {
        let statement = self.0.statements.get.clone();
        let found = self.read(move |connection| {
            connection.prepare_cached(&statement)?.query_map([id], |row| Contact::read(row))?.collect()
        });
        Ok(found.await?.pop())
    }

    pub(super) async fn list(&self, listing: Listing, value: String) -> Result<Vec<Contact>, Failure> {
        let statement = self.0.statements.list(listing).ok_or(Failure::Unknown)?;
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&statement)?;
            let value: Box<dyn rusqlite::ToSql> = match listing {
                Listing::Lifecycle => Box::new(value),
                Listing::LeadScore | Listing::Engagement => {
                    Box::new(value.parse::<i64>().unwrap_or_default())
                }
                Listing::Search => Box::new(alternatives(&value, " OR ", |token| format!("\"{token}\" *"))),
            };
            statement.query_map([value], |row| Contact::read(row))?.collect()
        })
        .await
    }

    pub(super) async fn create(&self, contacts: Vec<NewContact>) -> Result<Vec<Contact>, Failure> {
        self.write(move |inner, connection| {
            let now = inner.environment.now();
            let transaction = connection.transaction()?;
            let mut made = Vec::with_capacity(contacts.len());
            for contact in contacts {
                let id = inner.environment.new_id();
                insert(&transaction, &inner.insert, id, &contact, now)?;
                made.push(contact.made(id, now));
            }
            transaction.commit()?;
            Ok(made)
        })
        .await
    }

    pub(super) async fn update(&self, id: Uuid, changes: Changes) -> Result<Option<Contact>, Failure> {
        let updated = self.write(move |inner, connection| {
            let now = inner.environment.now().micros();
            let mut statement = connection.prepare_cached(&inner.statements.update)?;
            let values = params![changes.lead_score, changes.lifecycle, now, id];
            statement.query_map(values, |row| Contact::read(row))?.collect::<rusqlite::Result<Vec<_>>>()
        });
        Ok(updated.await?.pop())
    }

    async fn read<F>(&self, work: F) -> Result<Vec<Contact>, Failure>
    where
        F: FnOnce(&Connection) -> rusqlite::Result<Vec<Contact>> + Send + 'static,
    {
        let inner = self.0.clone();
        let _permit = self.0.free_readers.acquire().await.map_err(|_| Failure::Unknown)?;
        let result = tokio::task::spawn_blocking(move || {
            let reader = lock(&inner.readers).pop();
            let Some(reader) = reader else { return Err(Failure::Unknown) };
            let result = work(&reader);
            lock(&inner.readers).push(reader);
            Ok(result?)
        });
        result.await?
    }

    async fn write<F>(&self, work: F) -> Result<Vec<Contact>, Failure>
    where
        F: FnOnce(&Inner, &mut Connection) -> rusqlite::Result<Vec<Contact>> + Send + 'static,
    {
        let inner = self.0.clone();
        let result = tokio::task::spawn_blocking(move || Ok(work(&inner, &mut lock(&inner.writer))?));
        result.await?
    }
}

/// A connection with the settings that Kontor's have.
fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", 2_000, |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    Ok(connection)
}

fn insert(
    connection: &Connection,
    statement: &str,
    id: Uuid,
    contact: &NewContact,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let list = |list: &[String]| (!list.is_empty()).then(|| serde_json::Value::from(list).to_string());
    let (kind, name) = WRITER;
    let values = params![
        id,
        1,
        contact.name.first,
        contact.name.last,
        contact.folded_name(),
        contact.emails.primary,
        list(&contact.emails.additional),
        contact.phones.primary,
        list(&contact.phones.additional),
        contact.job_title,
        contact.folded_title(),
        contact.account,
        contact.lifecycle,
        contact.source,
        contact.lead_score,
        contact.engagement_score,
        now.micros() as f64,
        now.micros(),
        now.micros(),
        kind,
        name,
        kind,
        name,
    ];
    connection.prepare_cached(statement)?.execute(values)?;
    connection
        .prepare_cached("INSERT INTO search_documents (object, record_id) VALUES ('contact', ?1)")?
        .execute([id])?;
    connection
        .prepare_cached("INSERT INTO search_index (rowid, tokens) VALUES (?1, ?2)")?
        .execute(params![connection.last_insert_rowid(), contact.tokens().join(" ")])
        .map(drop)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cells for Row<'_> {
    type Error = rusqlite::Error;

    fn uuid(&self, index: usize) -> rusqlite::Result<Option<Uuid>> {
        self.get(index)
    }

    fn text(&self, index: usize) -> rusqlite::Result<Option<String>> {
        self.get(index)
    }

    fn integer(&self, index: usize) -> rusqlite::Result<Option<i64>> {
        self.get(index)
    }

    fn texts(&self, index: usize) -> rusqlite::Result<Vec<String>> {
        let text: Option<String> = self.get(index)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn instant(&self, index: usize) -> rusqlite::Result<Timestamp> {
        self.get(index).map(Timestamp::from_micros)
    }
}
