//! SQLite's result codes as the store's errors.

use rusqlite::{ErrorCode, ffi};

use crate::Error;

/// What a failure means.
pub(crate) fn describe(error: rusqlite::Error) -> Error {
    let rusqlite::Error::SqliteFailure(failure, message) = &error else {
        return Error::Statement { source: error.into() };
    };
    match failure.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            let (table, columns) = violated(message.as_deref().unwrap_or_default());
            return Error::UniqueViolation { table, columns, source: error.into() };
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return Error::ForeignKey { source: error.into() },
        _ => {}
    }
    match failure.code {
        ErrorCode::ConstraintViolation => Error::Constraint { source: error.into() },
        ErrorCode::DiskFull => Error::Full { source: error.into() },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            let reason = message.clone().unwrap_or_else(|| failure.to_string());
            Error::Damaged { reason, source: error.into() }
        }
        ErrorCode::OperationInterrupted => Error::Timeout { source: Some(error.into()) },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Error::Busy { what: "another program holds the file locked" }
        }
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory | ErrorCode::ReadOnly => {
            let reason = message.clone().unwrap_or_else(|| failure.to_string());
            Error::Unavailable { reason, source: Some(error.into()) }
        }
        _ if message.as_deref() == Some("integer overflow") => Error::OutOfRange { source: error.into() },
        _ => Error::Statement { source: error.into() },
    }
}

/// Table and columns from `UNIQUE constraint failed: table.a, table.b`.
fn violated(message: &str) -> (String, Vec<String>) {
    let places = message.split_once(": ").map_or("", |(_, places)| places);
    let mut table = String::new();
    let mut columns = Vec::new();
    for place in places.split(", ") {
        if let Some((of, column)) = place.split_once('.') {
            of.clone_into(&mut table);
            columns.push(column.to_owned());
        }
    }
    (table, columns)
}

#[cfg(test)]
mod tests {
    use kontor_core::error::Fault as _;
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_full_disk_is_told_as_what_it_is() {
        let connection = Connection::open_in_memory().unwrap();
        // SQLite answers alike where its file may not grow and where the disk has no room.
        connection.execute_batch("PRAGMA max_page_count = 2; CREATE TABLE t (a)").unwrap();
        let refused = connection.execute("INSERT INTO t VALUES (zeroblob(1000000))", []).unwrap_err();
        let error = describe(refused);
        assert!(matches!(error, Error::Full { .. }), "{error:?}");
        assert!(error.problem().message.contains("disk is full"), "{}", error.problem());
    }

    #[test]
    fn the_violated_columns_are_read_from_the_message() {
        let (table, columns) = violated("UNIQUE constraint failed: deal.name, deal.owner");
        assert_eq!(table, "deal");
        assert_eq!(columns, ["name", "owner"]);
    }
}
