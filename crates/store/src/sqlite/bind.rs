//! Values of statements as SQLite binds them.

use rusqlite::{
    ParamsFromIter, params_from_iter,
    types::{ToSql, ToSqlOutput, Value as Owned, ValueRef},
};
use sea_query::{Value, Values};

/// What a statement is run with.
pub(super) fn bind(values: Values) -> ParamsFromIter<impl Iterator<Item = Bound>> {
    params_from_iter(values.into_iter().map(Bound))
}

/// One value of a statement.
///
/// An id is a blob of 16 bytes and JSON is text. Dates and times reach SQLite as the numbers that `Dialect` made of
/// them; those and arrays are refused here, since they belong to PostgreSQL.
pub(super) struct Bound(Value);

impl ToSql for Bound {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let borrowed = match &self.0 {
            Value::Bool(value) => integer(*value),
            Value::TinyInt(value) => integer(*value),
            Value::SmallInt(value) => integer(*value),
            Value::Int(value) => integer(*value),
            Value::BigInt(value) => integer(*value),
            Value::TinyUnsigned(value) => integer(*value),
            Value::SmallUnsigned(value) => integer(*value),
            Value::Unsigned(value) => integer(*value),
            Value::BigUnsigned(value) => return value.to_sql(),
            Value::Float(value) => value.map_or(ValueRef::Null, |value| ValueRef::Real(f64::from(value))),
            Value::Double(value) => value.map_or(ValueRef::Null, ValueRef::Real),
            Value::String(value) => {
                value.as_ref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
            }
            Value::Bytes(value) => value.as_ref().map_or(ValueRef::Null, |bytes| ValueRef::Blob(bytes)),
            Value::Uuid(value) => value.as_ref().map_or(ValueRef::Null, |id| ValueRef::Blob(id.as_bytes())),
            Value::Json(Some(json)) => return Ok(ToSqlOutput::Owned(Owned::Text(json.to_string()))),
            Value::Json(None) => ValueRef::Null,
            _ => {
                let message =
                    "SQLite has no dates, times or lists: the dialect writes them as numbers and text";
                return Err(rusqlite::Error::ToSqlConversionFailure(message.into()));
            }
        };
        Ok(ToSqlOutput::Borrowed(borrowed))
    }
}

fn integer(value: Option<impl Into<i64>>) -> ValueRef<'static> {
    value.map_or(ValueRef::Null, |value| ValueRef::Integer(value.into()))
}

#[cfg(test)]
mod tests {
    use sea_query::Value;

    use super::*;

    fn stored(value: Value) -> rusqlite::Result<String> {
        let connection = rusqlite::Connection::open_in_memory()?;
        connection.query_row(
            "SELECT typeof(v) || ' ' || coalesce(v, '') FROM (SELECT ?1 AS v)",
            bind(Values(vec![value])),
            |row| row.get(0),
        )
    }

    #[test]
    fn values_are_stored_as_what_they_are() {
        for (value, expected) in [
            (Value::from(true), "integer 1"),
            (Value::from(-7_i64), "integer -7"),
            (Value::from(7_u64), "integer 7"),
            (Value::from(0.5), "real 0.5"),
            (Value::from("a\0b"), "text a\0b"),
            (Value::from(b"k".to_vec()), "blob k"),
            (Value::from(serde_json::json!("quoted")), "text \"quoted\""),
            (Value::String(None), "null "),
            (Value::Json(None), "null "),
        ] {
            assert_eq!(stored(value.clone()).unwrap(), expected, "{value:?}");
        }
    }

    #[test]
    fn what_sqlite_has_not_is_refused() {
        assert!(stored(Value::from(u64::MAX)).is_err());
        assert!(stored(Value::from(time::OffsetDateTime::UNIX_EPOCH)).is_err());
        assert!(stored(Value::from(vec![1_i64])).is_err());
    }

    /// Before 3.51.2 opening a database could wait for a lock of a connection that waited for the one who opened;
    /// before 3.51.3 a checkpoint at the wrong moment could lose what a writer had committed.
    #[test]
    fn sqlite_is_new_enough_for_many_databases_opened_and_closed_at_once() {
        assert!(rusqlite::version_number() >= 3_051_003, "SQLite {}", rusqlite::version());
    }
}
