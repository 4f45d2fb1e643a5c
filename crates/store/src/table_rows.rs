//! Rows of a table as they are, taken from one namespace to be put into another, whichever engine the first is on.

use kontor_core::time::{Date, Timestamp};
use sea_query::{Query, SelectStatement, Value};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{Cell, Decode, Error, Row, Tx, tx::Connection};

/// Values that one statement binds at most, of the 32,766 that SQLite allows.
const BOUND: usize = 30_000;

/// Rows of one table with the names of their columns. What they hold is as SQLite holds it.
#[derive(Debug, Clone, Default)]
pub struct TableRows {
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Value>>,
}

impl TableRows {
    /// No rows of a table.
    pub fn none(table: &str) -> Self {
        Self { table: table.to_owned(), ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// About how many bytes they hold.
    pub fn bytes(&self) -> usize {
        self.rows.iter().flatten().map(size).sum()
    }

    /// The ids in a column, in the order of the rows; nothing where a row has none, or there is no such column.
    pub fn ids(&self, column: &str) -> Vec<Uuid> {
        let Some(place) = self.place(column) else { return Vec::new() };
        self.rows.iter().filter_map(|row| row.get(place).and_then(id)).collect()
    }

    /// Empties a column where it holds an id that is none of `known`.
    pub fn clear_unless(&mut self, column: &str, known: impl Fn(Uuid) -> bool) {
        let Some(place) = self.place(column) else { return };
        for cell in self.rows.iter_mut().filter_map(|row| row.get_mut(place)) {
            if id(cell).is_some_and(|id| !known(id)) {
                *cell = Value::Uuid(None);
            }
        }
    }

    /// Adds further rows of the same table.
    pub fn extend(&mut self, more: Self) {
        if self.rows.is_empty() {
            *self = more;
        } else {
            self.rows.extend(more.rows);
        }
    }

    fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }
}

fn id(cell: &Value) -> Option<Uuid> {
    match cell {
        Value::Uuid(Some(id)) => Some(*id),
        Value::Bytes(Some(bytes)) => Uuid::from_slice(bytes).ok(),
        _ => None,
    }
}

fn size(cell: &Value) -> usize {
    match cell {
        Value::String(Some(text)) => text.len(),
        Value::Bytes(Some(bytes)) => bytes.len(),
        _ => 8,
    }
}

/// A cell of any type, as SQLite holds it.
struct Held(Value);

impl Decode for Held {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        if cell.is_null() {
            return Ok(Self(Value::String(None)));
        }
        let micros = |instant: Timestamp| instant.micros();
        Ok(Self(match cell.holds() {
            Holds::Integer => i64::decode(cell)?.into(),
            Holds::Real => f64::decode(cell)?.into(),
            Holds::Text => String::decode(cell)?.into(),
            Holds::Bytes => Vec::<u8>::decode(cell)?.into(),
            Holds::Boolean => bool::decode(cell)?.into(),
            Holds::Id => Uuid::decode(cell)?.into(),
            Holds::Instant => micros(Timestamp::decode(cell)?).into(),
            Holds::Date => Date::decode(cell)?.to_string().into(),
            Holds::Json => Json::decode(cell)?.to_string().into(),
        }))
    }
}

/// What a cell holds, by its engine's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Integer,
    Real,
    Text,
    Bytes,
    Boolean,
    Id,
    Instant,
    Date,
    Json,
}

impl Tx<'_> {
    /// The rows that a statement finds, which selects all columns of the table (`SELECT *`).
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_rows(&mut self, table: &str, select: &SelectStatement) -> Result<TableRows, Error> {
        let (columns, rows) = self.fetch_named(select).await?;
        let held =
            |row: &Row| (0..row.len()).map(|place| row.get::<Held>(place).map(|held| held.0)).collect();
        let rows: Result<_, Error> = rows.iter().map(held).collect();
        Ok(TableRows { table: table.to_owned(), columns, rows: rows? })
    }

    /// Puts rows into the same table of this namespace, which is on SQLite. Whether what they refer to is there is
    /// looked at when the transaction ends, so that the order does not matter.
    ///
    /// # Errors
    /// What the database said.
    pub async fn put_rows(&mut self, rows: &TableRows) -> Result<(), Error> {
        self.batch("PRAGMA defer_foreign_keys = ON").await?;
        let columns = &rows.columns;
        for part in rows.rows.chunks((BOUND / columns.len().max(1)).max(1)) {
            let mut insert = Query::insert();
            insert.into_table(self.table(&rows.table));
            insert.columns(columns.iter().map(sea_query::Alias::new));
            for row in part {
                insert.values_panic(row.iter().cloned().map(Into::into));
            }
            self.execute(&insert).await?;
        }
        Ok(())
    }

    /// Every row of a statement's result, with the names of its columns; none where PostgreSQL finds no row.
    async fn fetch_named(&mut self, statement: &SelectStatement) -> Result<(Vec<String>, Vec<Row>), Error> {
        if let Connection::Sqlite(session) = &mut self.connection {
            let (sql, values) = crate::Statement::render(statement, crate::Dialect::Sqlite);
            let result = session.query_named(&sql, values);
            return self.observe_sqlite(result);
        }
        let rows = self.fetch_all(statement).await?;
        Ok((rows.first().map(Row::names).unwrap_or_default(), rows))
    }
}
