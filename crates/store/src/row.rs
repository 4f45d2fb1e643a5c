//! Rows and how their columns are decoded. The differences of representation end here.

use std::borrow::Cow;

use kontor_core::{
    ids,
    time::{Date, Timestamp},
};
use rusqlite::types::Value as SqliteValue;
use sqlx::{
    Column as _, Postgres, Row as _, TypeInfo as _, ValueRef as _,
    postgres::{PgRow, PgValueRef},
};
use uuid::Uuid;

use crate::{Error, error::Source, table_rows::Holds};

/// One row of a result.
pub struct Row(pub(crate) RowSource);

pub(crate) enum RowSource {
    Sqlite(Vec<SqliteValue>),
    Postgres(PgRow),
}

impl Row {
    /// The column at `index`, counted from zero in the order the statement names them.
    pub fn get<T: Decode>(&self, index: usize) -> Result<T, Error> {
        let source = match &self.0 {
            RowSource::Sqlite(values) => values.get(index).map(Cow::Borrowed).map(CellSource::Sqlite),
            RowSource::Postgres(row) => row.try_get_raw(index).ok().map(CellSource::Postgres),
        };
        T::decode(Cell::at(index, source)?)
    }

    /// As [`Row::get`], for a column that is read once: what it holds is moved where that is possible.
    pub fn take<T: Decode>(&mut self, index: usize) -> Result<T, Error> {
        let source = match &mut self.0 {
            RowSource::Sqlite(values) => values
                .get_mut(index)
                .map(|value| CellSource::Sqlite(Cow::Owned(std::mem::replace(value, SqliteValue::Null)))),
            RowSource::Postgres(row) => row.try_get_raw(index).ok().map(CellSource::Postgres),
        };
        T::decode(Cell::at(index, source)?)
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            RowSource::Sqlite(values) => values.len(),
            RowSource::Postgres(row) => row.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the columns, which a row of SQLite does not know.
    pub(crate) fn names(&self) -> Vec<String> {
        match &self.0 {
            RowSource::Sqlite(_) => Vec::new(),
            RowSource::Postgres(row) => row.columns().iter().map(|column| column.name().to_owned()).collect(),
        }
    }
}

/// One column of a row, in its engine's representation.
pub struct Cell<'r> {
    index: usize,
    source: CellSource<'r>,
}

enum CellSource<'r> {
    Sqlite(Cow<'r, SqliteValue>),
    Postgres(PgValueRef<'r>),
}

impl<'r> Cell<'r> {
    fn at(index: usize, source: Option<CellSource<'r>>) -> Result<Self, Error> {
        let source = source.ok_or(Error::Decode { index, expected: "anything", source: None })?;
        Ok(Self { index, source })
    }

    /// What it holds; text where its engine's word is not known.
    pub(crate) fn holds(&self) -> Holds {
        match &self.source {
            CellSource::Sqlite(value) => match **value {
                SqliteValue::Integer(_) => Holds::Integer,
                SqliteValue::Real(_) => Holds::Real,
                SqliteValue::Blob(_) => Holds::Bytes,
                SqliteValue::Text(_) | SqliteValue::Null => Holds::Text,
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "INT8" | "INT4" | "INT2" => Holds::Integer,
                "FLOAT8" | "FLOAT4" => Holds::Real,
                "BYTEA" => Holds::Bytes,
                "BOOL" => Holds::Boolean,
                "UUID" => Holds::Id,
                "TIMESTAMPTZ" => Holds::Instant,
                "DATE" => Holds::Date,
                "JSONB" | "JSON" => Holds::Json,
                _ => Holds::Text,
            },
        }
    }

    pub fn is_null(&self) -> bool {
        match &self.source {
            CellSource::Sqlite(value) => matches!(**value, SqliteValue::Null),
            CellSource::Postgres(value) => value.is_null(),
        }
    }
}

fn not(index: usize, expected: &'static str) -> Error {
    Error::Decode { index, expected, source: None }
}

/// A type that a column can be read as.
pub trait Decode: Sized {
    fn decode(cell: Cell<'_>) -> Result<Self, Error>;
}

impl<T: Decode> Decode for Option<T> {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        if cell.is_null() { Ok(None) } else { T::decode(cell).map(Some) }
    }
}

fn postgres<'r, T: sqlx::Decode<'r, Postgres>>(
    index: usize,
    expected: &'static str,
    value: PgValueRef<'r>,
) -> Result<T, Error> {
    T::decode(value).map_err(|source: Source| Error::Decode { index, expected, source: Some(source) })
}

impl Decode for i64 {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "an integer";
        match cell.source {
            CellSource::Sqlite(value) => match *value {
                SqliteValue::Integer(value) => Ok(value),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "INT8" => postgres::<i64>(cell.index, EXPECTED, value),
                "INT4" => postgres::<i32>(cell.index, EXPECTED, value).map(i64::from),
                "INT2" => postgres::<i16>(cell.index, EXPECTED, value).map(i64::from),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

macro_rules! narrow_integers {
    ($($integer:ty),*) => {$(
        impl Decode for $integer {
            fn decode(cell: Cell<'_>) -> Result<Self, Error> {
                let index = cell.index;
                <$integer>::try_from(i64::decode(cell)?).map_err(|source| Error::Decode {
                    index,
                    expected: concat!("an integer in the range of ", stringify!($integer)),
                    source: Some(source.into()),
                })
            }
        }
    )*};
}

narrow_integers!(i16, i32, u16, u32, u64, usize);

impl Decode for f64 {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "a number";
        match cell.source {
            CellSource::Sqlite(value) => match *value {
                SqliteValue::Real(value) => Ok(value),
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "a number that may be fractional was asked for"
                )]
                SqliteValue::Integer(value) => Ok(value as f64),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "FLOAT8" => postgres::<f64>(cell.index, EXPECTED, value),
                "FLOAT4" => postgres::<f32>(cell.index, EXPECTED, value).map(f64::from),
                #[expect(clippy::cast_precision_loss, reason = "as above")]
                "INT8" => postgres::<i64>(cell.index, EXPECTED, value).map(|value| value as f64),
                "INT4" => postgres::<i32>(cell.index, EXPECTED, value).map(f64::from),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

impl Decode for bool {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "true or false";
        match cell.source {
            CellSource::Sqlite(value) => match *value {
                SqliteValue::Integer(value) => Ok(value != 0),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "BOOL" => postgres::<bool>(cell.index, EXPECTED, value),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

impl Decode for String {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "text";
        match cell.source {
            CellSource::Sqlite(value) => match value.into_owned() {
                SqliteValue::Text(value) => Ok(value),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "TEXT" | "VARCHAR" | "NAME" | "UNKNOWN" => postgres::<String>(cell.index, EXPECTED, value),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

impl Decode for Vec<u8> {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "bytes";
        match cell.source {
            CellSource::Sqlite(value) => match value.into_owned() {
                SqliteValue::Blob(value) => Ok(value),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "BYTEA" => postgres::<Vec<u8>>(cell.index, EXPECTED, value),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

impl Decode for Uuid {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "a UUID";
        match cell.source {
            CellSource::Sqlite(value) => match &*value {
                SqliteValue::Blob(value) => Uuid::from_slice(value).map_err(|_| not(cell.index, EXPECTED)),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "UUID" => postgres::<Uuid>(cell.index, EXPECTED, value),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

/// From `timestamptz` or from microseconds.
impl Decode for Timestamp {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "an instant";
        match cell.source {
            CellSource::Sqlite(value) => match *value {
                SqliteValue::Integer(value) => Ok(Timestamp::from_micros(value)),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "TIMESTAMPTZ" => {
                    postgres::<time::OffsetDateTime>(cell.index, EXPECTED, value).map(Timestamp::from_offset)
                }
                "INT8" => postgres::<i64>(cell.index, EXPECTED, value).map(Timestamp::from_micros),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

/// From `date` or from its ISO 8601 text.
impl Decode for Date {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "a date";
        match cell.source {
            CellSource::Sqlite(value) => match &*value {
                SqliteValue::Text(value) => value.parse().map_err(|_| not(cell.index, EXPECTED)),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "DATE" => postgres::<time::Date>(cell.index, EXPECTED, value).map(Date::new),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

/// From `jsonb` or from text.
impl Decode for serde_json::Value {
    fn decode(cell: Cell<'_>) -> Result<Self, Error> {
        const EXPECTED: &str = "JSON";
        let index = cell.index;
        let parse = |text: &str| {
            serde_json::from_str(text).map_err(|source| Error::Decode {
                index,
                expected: EXPECTED,
                source: Some(source.into()),
            })
        };
        match cell.source {
            CellSource::Sqlite(value) => match &*value {
                SqliteValue::Text(value) => parse(value),
                _ => Err(not(cell.index, EXPECTED)),
            },
            CellSource::Postgres(value) => match value.type_info().name() {
                "JSONB" | "JSON" => postgres::<sqlx::types::Json<serde_json::Value>>(index, EXPECTED, value)
                    .map(|json| json.0),
                "TEXT" | "VARCHAR" => parse(&postgres::<String>(index, EXPECTED, value)?),
                _ => Err(not(cell.index, EXPECTED)),
            },
        }
    }
}

/// Gives a macro the ids that columns hold.
macro_rules! identifiers {
    ($with:ident) => {
        $with!(
            WorkspaceId,
            UserId,
            MemberId,
            RoleId,
            ObjectId,
            FieldId,
            RecordId,
            ViewId,
            AgentId,
            SessionId,
            TurnId,
            ApprovalId,
            ReviewId,
            SignInId
        );
    };
}

macro_rules! decode_ids {
    ($($id:ident),*) => {$(
        impl Decode for ids::$id {
            fn decode(cell: Cell<'_>) -> Result<Self, Error> {
                Uuid::decode(cell).map(Self)
            }
        }
    )*};
}

identifiers!(decode_ids);

pub(crate) use identifiers;
