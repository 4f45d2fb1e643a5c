//! For tests alone: the same test on both engines, each time with a fresh store that is removed afterwards.
//!
//! PostgreSQL is tested when `KONTOR_TEST_DATABASE_URL` names a server on which databases may be made;
//! `KONTOR_TEST_REQUIRE_POSTGRES=1` makes its absence a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{future::Future, ops::Deref};

use kontor_core::environment::Environment;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use tempfile::TempDir;

use crate::{Dialect, Error, Statement, Store, StoreConfig, Tx};

/// How the engine would run a statement, in its own words, a line for each step.
pub async fn plan(tx: &mut Tx<'_>, statement: &impl Statement) -> Result<String, Error> {
    let (sql, values) = statement.render(tx.dialect());
    let (explain, column) = match tx.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Dialect::Postgres => ("EXPLAIN", 0),
    };
    let rows = tx.fetch_all(&Rendered(format!("{explain} {sql}"), values)).await?;
    let lines: Result<Vec<String>, Error> = rows.iter().map(|row| row.get(column)).collect();
    Ok(lines?.join("\n"))
}

/// Keeps the statements that the transaction runs from here on, for [`kept_plans`].
pub fn keep_statements(tx: &mut Tx<'_>) {
    tx.kept = Some(Vec::new());
}

/// How the engine would run each statement that was kept.
pub async fn kept_plans(tx: &mut Tx<'_>) -> Result<Vec<String>, Error> {
    let mut plans = Vec::new();
    for (sql, values) in tx.kept.take().unwrap_or_default() {
        plans.push(plan(tx, &Rendered(sql, values)).await?);
    }
    Ok(plans)
}

/// A statement in the words of an engine.
struct Rendered(String, sea_query::Values);

impl Statement for Rendered {
    fn render(&self, _: Dialect) -> (String, sea_query::Values) {
        (self.0.clone(), self.1.clone())
    }
}

/// Makes a test for each engine of one body: `both_engines! { async fn name(store: TestStore) { … } }`.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($store:ident: $kind:ty) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($store: $kind) $body

            #[test]
            $(#[$attribute])*
            fn sqlite() {
                $crate::testing::run($crate::Dialect::Sqlite, body);
            }

            #[test]
            $(#[$attribute])*
            fn postgres() {
                $crate::testing::run($crate::Dialect::Postgres, body);
            }
        }
    )+};
}

/// A store that is removed after its test.
#[derive(Clone)]
pub struct TestStore {
    store: Store,
    config: StoreConfig,
}

impl TestStore {
    /// What it was opened with, to open it a second time as another process would.
    pub fn config(&self) -> StoreConfig {
        self.config.clone()
    }
}

impl Deref for TestStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// Runs a test body with a fresh store; on PostgreSQL only where there is one.
pub fn run<F, B>(engine: Dialect, body: B)
where
    B: FnOnce(TestStore) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let server = match engine {
        Dialect::Sqlite => None,
        Dialect::Postgres => match std::env::var("KONTOR_TEST_DATABASE_URL") {
            Ok(url) => Some(url),
            Err(_) if std::env::var("KONTOR_TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1") => {
                panic!("KONTOR_TEST_DATABASE_URL names no server, and PostgreSQL is required")
            }
            Err(_) => return,
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let environment = Environment::system();
        let folder = TempDir::new().unwrap();
        let mut config = StoreConfig::new(folder.path());
        config.pool_size = 8;
        let database = match server {
            None => None,
            Some(server) => Some(Database::create(&server, &environment).await),
        };
        config.database_url = database.as_ref().map(|database| database.url.clone());
        let store = Store::open(config.clone(), environment).await.unwrap();
        let result = tokio::task::JoinSet::from_iter([body(TestStore { store: store.clone(), config })])
            .join_next()
            .await
            .unwrap();
        store.close().await;
        if let Some(database) = database {
            database.remove().await;
        }
        if let Err(error) = result {
            std::panic::resume_unwind(error.into_panic());
        }
    });
}

/// A database made for one test, on a server that others use as well.
struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    async fn create(server: &str, environment: &Environment) -> Self {
        let name = format!("kontor_test_{:032x}", u128::from_le_bytes(environment.random()));
        let mut url: url::Url = server.parse().unwrap();
        url.set_path(&name);
        let mut connection = PgConnection::connect(server).await.unwrap();
        let sql = format!("CREATE DATABASE {name}");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        connection.close().await.unwrap();
        Self { server: server.to_owned(), name, url: url.into() }
    }

    /// Drops the database and the roles of its workspaces, which belong to the server.
    async fn remove(self) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let roles = connection
            .fetch_all(r"SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'ws\_%'")
            .await
            .unwrap();
        connection.close().await.unwrap();
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        let mut statements = vec![format!("DROP DATABASE {} WITH (FORCE)", self.name)];
        statements.extend(roles.iter().map(|row| format!("DROP ROLE {}", row.get::<String, _>(0))));
        for sql in statements {
            connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        }
        connection.close().await.unwrap();
    }
}
