//! The transaction a unit of work is given.

use std::future::Future;

use futures::future::BoxFuture;
use sea_query::{
    Alias, DynIden, Expr, ExprTrait as _, IntoIden, IntoTableRef, Query, SelectStatement, TableRef, Values,
};
use sqlx::PgConnection;

use crate::{Dialect, Error, Premise, Row, Statement, ddl::quote, postgres, sqlite};

/// What a namespace's transactions have in common.
pub(crate) struct Scope {
    pub(crate) dialect: Dialect,
    /// The schema that qualifies table names; none on SQLite.
    pub(crate) schema: Option<(String, DynIden)>,
}

impl Scope {
    pub(crate) fn sqlite() -> Self {
        Self { dialect: Dialect::Sqlite, schema: None }
    }

    pub(crate) fn postgres(schema: &str) -> Self {
        let iden = Alias::new(schema).into_iden();
        Self { dialect: Dialect::Postgres, schema: Some((schema.to_owned(), iden)) }
    }
}

/// What kind of unit runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    Write,
    Alter,
}

/// What a statement's failure did to the transaction, seen by the transaction itself, so that the domain's
/// error type does not have to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// The statement alone: a rollback to a savepoint heals it.
    Statement,
    /// The deadline passed; the whole transaction is undone.
    Deadline,
    /// The whole transaction is undone, and may succeed when run again.
    Rerun,
    /// The connection is lost.
    Lost,
}

/// A transaction. A statement that fails ends it on both engines: whatever the unit makes of the error, its
/// transaction is rolled back, unless the statement ran within [`Tx::savepoint`].
pub struct Tx<'c> {
    pub(crate) connection: Connection<'c>,
    pub(crate) scope: &'c Scope,
    pub(crate) mode: Mode,
    pub(crate) failure: Option<Failure>,
    /// What is to be looked at before the unit's result counts.
    pub(crate) premise: Option<Premise>,
    /// What was run since it was asked to be kept.
    #[cfg(feature = "testing")]
    pub(crate) kept: Option<Vec<(String, Values)>>,
}

pub(crate) enum Connection<'c> {
    Sqlite(&'c mut sqlite::Session),
    Postgres(&'c mut PgConnection),
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: Connection<'c>, scope: &'c Scope, mode: Mode) -> Self {
        Self {
            connection,
            scope,
            mode,
            failure: None,
            premise: None,
            #[cfg(feature = "testing")]
            kept: None,
        }
    }

    /// How the engine's SQL differs.
    pub fn dialect(&self) -> Dialect {
        self.scope.dialect
    }

    /// A table of this namespace, for a statement: schema-qualified on PostgreSQL, bare on SQLite.
    pub fn table(&self, name: &str) -> TableRef {
        match &self.scope.schema {
            None => Alias::new(name).into_table_ref(),
            Some((_, schema)) => (schema.clone(), Alias::new(name)).into_table_ref(),
        }
    }

    /// What finds the transactions that may be writing rows of a table at this moment, by a name of their own; nothing
    /// where one unit writes at a time. Who is found holds a lock from before it writes its first row until it has
    /// ended.
    pub(crate) fn writers_of(&self, table: &str) -> Option<SelectStatement> {
        let (schema, _) = self.scope.schema.as_ref()?;
        let table = Expr::val(format!("{}.{}", quote(schema), quote(table)));
        let here = Expr::cust("(SELECT oid FROM pg_database WHERE datname = current_database())");
        let writers = Query::select()
            .column("virtualtransaction")
            .from("pg_locks")
            .and_where(Expr::cust("locktype = 'relation' AND mode = 'RowExclusiveLock'"))
            .and_where(Expr::col("database").eq(here))
            .and_where(Expr::col("relation").eq(table.cast_as("regclass").cast_as("oid")))
            .take();
        Some(writers)
    }

    /// Every row of a statement's result.
    pub async fn fetch_all(&mut self, statement: &impl Statement) -> Result<Vec<Row>, Error> {
        self.guard()?;
        let (sql, values) = self.render(statement);
        match &mut self.connection {
            Connection::Sqlite(session) => {
                let result = session.query(&sql, values, usize::MAX);
                self.observe_sqlite(result)
            }
            Connection::Postgres(connection) => {
                let result = postgres::fetch_all(connection, sql, values).await;
                self.observe_postgres(result)
            }
        }
    }

    /// The first row of a statement's result, if there is one.
    pub async fn fetch_optional(&mut self, statement: &impl Statement) -> Result<Option<Row>, Error> {
        self.guard()?;
        let (sql, values) = self.render(statement);
        match &mut self.connection {
            Connection::Sqlite(session) => {
                let result = session.query(&sql, values, 1).map(|mut rows| rows.pop());
                self.observe_sqlite(result)
            }
            Connection::Postgres(connection) => {
                let result = postgres::fetch_optional(connection, sql, values).await;
                self.observe_postgres(result)
            }
        }
    }

    /// The first row of a statement's result, or [`Error::NoRow`].
    pub async fn fetch_one(&mut self, statement: &impl Statement) -> Result<Row, Error> {
        self.fetch_optional(statement).await?.ok_or(Error::NoRow)
    }

    /// Runs a statement that returns no rows; answers how many rows it touched.
    pub async fn execute(&mut self, statement: &impl Statement) -> Result<u64, Error> {
        self.guard()?;
        let (sql, values) = self.render(statement);
        match &mut self.connection {
            Connection::Sqlite(session) => {
                let result = session.execute(&sql, values);
                self.observe_sqlite(result)
            }
            Connection::Postgres(connection) => {
                let result = postgres::execute(connection, sql, values).await;
                self.observe_postgres(result)
            }
        }
    }

    fn render(&mut self, statement: &impl Statement) -> (String, Values) {
        let rendered = statement.render(self.scope.dialect);
        #[cfg(feature = "testing")]
        if let Some(kept) = &mut self.kept {
            kept.push(rendered.clone());
        }
        rendered
    }

    /// Runs statements that change the schema, unqualified and separated by semicolons; in `alter` alone.
    pub async fn apply(&mut self, ddl: &str) -> Result<(), Error> {
        if self.mode != Mode::Alter {
            return Err(Error::NotAltering);
        }
        self.batch(ddl).await
    }

    /// Runs `part` with `arguments` so that its failure undoes what it did and nothing else: the transaction goes on.
    pub async fn savepoint<A, T, E, F>(&mut self, arguments: &A, part: F) -> Result<T, E>
    where
        F: for<'t, 'x> FnOnce(&'t mut Tx<'x>, &'t A) -> BoxFuture<'t, Result<T, E>> + Send,
        A: Sync,
        T: Send,
        E: From<Error> + Send,
    {
        self.batch("SAVEPOINT part").await?;
        let result = part(self, arguments).await;
        match (result, self.failure) {
            (Ok(value), None) => {
                self.batch("RELEASE SAVEPOINT part").await?;
                Ok(value)
            }
            (result, None | Some(Failure::Statement)) => {
                self.failure = None;
                self.batch("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part").await?;
                Err(result.err().unwrap_or_else(|| Error::Aborted.into()))
            }
            (result, Some(_)) => Err(result.err().unwrap_or_else(|| Error::Aborted.into())),
        }
    }

    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.guard()?;
        match &mut self.connection {
            Connection::Sqlite(session) => {
                let result = session.batch(sql);
                self.observe_sqlite(result)
            }
            Connection::Postgres(connection) => {
                let result = postgres::batch(connection, sql.to_owned()).await;
                self.observe_postgres(result)
            }
        }
    }

    /// Once a statement has failed, PostgreSQL refuses all others; SQLite would go on, even outside the
    /// transaction when that is gone.
    pub(crate) fn guard(&self) -> Result<(), Error> {
        if self.failure.is_some() { Err(Error::Aborted) } else { Ok(()) }
    }

    pub(crate) fn observe_sqlite<T>(&mut self, result: rusqlite::Result<T>) -> Result<T, Error> {
        result.map_err(|error| {
            let gone = match &self.connection {
                Connection::Sqlite(session) => !session.in_transaction(),
                Connection::Postgres(_) => false,
            };
            let error = sqlite::describe(error);
            self.failure = self.failure.max(Some(match error {
                Error::Timeout { .. } => Failure::Deadline,
                _ if gone => Failure::Rerun,
                _ => Failure::Statement,
            }));
            error
        })
    }

    pub(crate) fn observe_postgres<T>(&mut self, result: sqlx::Result<T>) -> Result<T, Error> {
        result.map_err(|error| {
            self.failure = self.failure.max(Some(postgres::failure(&error)));
            postgres::describe(error)
        })
    }
}

/// Shows that the futures of a transaction can be sent to another thread, whatever the engine.
const _: fn() = || {
    fn sendable<F: Future + Send>(_: F) {}
    let _ = |tx: &mut Tx<'_>, statement: &sea_query::SelectStatement| sendable(tx.fetch_all(statement));
};
