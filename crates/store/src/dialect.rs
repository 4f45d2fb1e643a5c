//! What truly differs between the engines. No other part of the project asks which engine runs.

use std::fmt;

use kontor_core::{
    metadata::ColumnType,
    time::{Date, Timestamp},
};
use sea_query::{LockBehavior, LockType, SelectStatement, Value};

/// The engine, and how its SQL differs from the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

impl Dialect {
    /// The SQL type of a column of a record table. Text compares by bytes on both engines.
    pub(crate) fn column_type(self, kind: ColumnType) -> &'static str {
        match (self, kind) {
            (Self::Sqlite, ColumnType::Uuid) => "BLOB",
            (Self::Sqlite, ColumnType::Text | ColumnType::Date | ColumnType::Json) => "TEXT",
            (Self::Sqlite, ColumnType::Integer | ColumnType::Boolean | ColumnType::Timestamp) => "INTEGER",
            (Self::Sqlite, ColumnType::Real) => "REAL",
            (Self::Postgres, ColumnType::Uuid) => "uuid",
            (Self::Postgres, ColumnType::Text) => "text COLLATE \"C\"",
            (Self::Postgres, ColumnType::Integer) => "bigint",
            (Self::Postgres, ColumnType::Real) => "double precision",
            (Self::Postgres, ColumnType::Boolean) => "boolean",
            (Self::Postgres, ColumnType::Date) => "date",
            (Self::Postgres, ColumnType::Timestamp) => "timestamptz",
            (Self::Postgres, ColumnType::Json) => "jsonb",
        }
    }

    /// What follows a table's columns: SQLite checks types only when asked to.
    pub(crate) fn table_suffix(self) -> &'static str {
        match self {
            Self::Sqlite => " STRICT",
            Self::Postgres => "",
        }
    }

    /// Whether the engine knows how often values occur, and chooses indexes by it.
    pub fn has_statistics(self) -> bool {
        match self {
            Self::Sqlite => false,
            Self::Postgres => true,
        }
    }

    /// The SQL of the exact sum of a quoted column of 64-bit integers, in two: how often `cut` goes into it, and
    /// what is left over. Neither can overflow.
    pub fn sum_cut_in_two(self, column: &str, cut: i64) -> [String; 2] {
        match self {
            // A sum of integers is a number without bounds, and the two are one to the planner.
            Self::Postgres => [
                format!("CAST(DIV(SUM({column}), {cut}) AS bigint)"),
                format!("CAST(MOD(SUM({column}), {cut}) AS bigint)"),
            ],
            Self::Sqlite => [format!("SUM({column} / {cut})"), format!("SUM({column} % {cut})")],
        }
    }

    /// An instant for a `Timestamp` column of a record table (system tables hold microseconds in a plain
    /// integer column on both engines: bind `timestamp.micros()` there).
    pub fn bind_timestamp(self, value: Option<Timestamp>) -> Value {
        match self {
            Self::Sqlite => Value::BigInt(value.map(Timestamp::micros)),
            Self::Postgres => Value::TimeDateTimeWithTimeZone(value.map(Timestamp::to_offset)),
        }
    }

    /// A date for a `Date` column.
    pub fn bind_date(self, value: Option<Date>) -> Value {
        match self {
            Self::Sqlite => Value::String(value.map(|date| date.to_string())),
            Self::Postgres => Value::TimeDate(value.map(Date::inner)),
        }
    }

    /// JSON for a `Json` column: text on SQLite, `jsonb` on PostgreSQL.
    pub fn bind_json(self, value: Option<serde_json::Value>) -> Value {
        match self {
            Self::Sqlite => Value::String(value.map(|json| json.to_string())),
            Self::Postgres => Value::Json(value.map(Box::new)),
        }
    }

    /// Locks the rows that `select` finds until the transaction ends. On SQLite a writer is alone anyway.
    pub fn lock_rows(self, select: &mut SelectStatement) {
        match self {
            Self::Sqlite => {}
            Self::Postgres => {
                select.lock(LockType::Update);
            }
        }
    }

    /// Locks the rows that `select` finds and passes over those another worker holds: how a job is claimed.
    pub fn claim_rows(self, select: &mut SelectStatement) {
        match self {
            Self::Sqlite => {}
            Self::Postgres => {
                select.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            }
        }
    }
}
