//! PostgreSQL's error codes as the store's errors.
//!
//! The codes: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.

use sqlx::postgres::PgDatabaseError;

use crate::{Error, tx::Failure};

fn database(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    match error {
        sqlx::Error::Database(error) => error.try_downcast_ref(),
        _ => None,
    }
}

/// What a failure did to its transaction.
pub(crate) fn failure(error: &sqlx::Error) -> Failure {
    match database(error).map(PgDatabaseError::code) {
        // serialization_failure, deadlock_detected
        Some("40001" | "40P01") => Failure::Rerun,
        // query_canceled, which is how the statement timeout ends one
        Some("57014") => Failure::Deadline,
        Some(code) if code.starts_with("57P") => Failure::Lost,
        Some(_) => Failure::Statement,
        None => match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::WorkerCrashed => Failure::Lost,
            _ => Failure::Statement,
        },
    }
}

/// What a failure means.
pub(crate) fn describe(error: sqlx::Error) -> Error {
    let Some(failure) = database(&error) else {
        return match error {
            sqlx::Error::RowNotFound => Error::NoRow,
            sqlx::Error::PoolClosed => Error::Closed,
            sqlx::Error::PoolTimedOut => {
                Error::Busy { what: "no connection to PostgreSQL became free in time" }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::BeginFailed
            | sqlx::Error::WorkerCrashed => Error::Unavailable {
                reason: "PostgreSQL cannot be reached".to_owned(),
                source: Some(error.into()),
            },
            _ => Error::Statement { source: error.into() },
        };
    };
    match failure.code() {
        "23505" => {
            let table = failure.table().unwrap_or_default().to_owned();
            let columns = violated(failure.detail().unwrap_or_default());
            Error::UniqueViolation { table, columns, source: error.into() }
        }
        "23503" => Error::ForeignKey { source: error.into() },
        code if code.starts_with("23") => Error::Constraint { source: error.into() },
        "22003" => Error::OutOfRange { source: error.into() },
        // program_limit_exceeded
        "54000" => Error::TooLarge { source: error.into() },
        "57014" => Error::Timeout { source: Some(error.into()) },
        // disk_full
        "53100" => Error::Full { source: error.into() },
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Error::Contention { source: error.into() },
        // connection_exception, insufficient_resources, operator_intervention, invalid_authorization
        code if ["08", "53", "57", "28"].iter().any(|class| code.starts_with(class)) => {
            Error::Unavailable { reason: failure.message().to_owned(), source: Some(error.into()) }
        }
        _ => Error::Statement { source: error.into() },
    }
}

/// The columns from `Key (a, b)=(1, 2) already exists.`, in whatever language the words are.
fn violated(detail: &str) -> Vec<String> {
    let columns = detail.split_once('(').and_then(|(_, rest)| rest.split_once(")=("));
    columns
        .map(|(columns, _)| columns.split(", ").map(|column| column.trim_matches('"').to_owned()).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_violated_columns_are_read_from_the_detail() {
        assert_eq!(violated("Key (name, \"order\")=(a, 1) already exists."), ["name", "order"]);
        assert!(violated("").is_empty());
    }
}
