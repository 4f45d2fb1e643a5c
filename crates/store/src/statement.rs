//! A statement that either engine can run.

use sea_query::{
    DeleteStatement, InsertStatement, PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder,
    UpdateStatement, Values, WithQuery,
};

use crate::Dialect;

/// A sea-query statement: built once, rendered for the engine that runs it.
pub trait Statement: Send + Sync {
    /// The SQL text with its bound values.
    fn render(&self, dialect: Dialect) -> (String, Values);
}

macro_rules! statements {
    ($($statement:ty),*) => {$(
        impl Statement for $statement {
            fn render(&self, dialect: Dialect) -> (String, Values) {
                match dialect {
                    Dialect::Sqlite => self.build(SqliteQueryBuilder),
                    Dialect::Postgres => self.build(PostgresQueryBuilder),
                }
            }
        }
    )*};
}

statements!(SelectStatement, InsertStatement, UpdateStatement, DeleteStatement, WithQuery);
