//! The connections to PostgreSQL.

use std::{str::FromStr, time::Duration};

use super::describe;
use crate::{Error, StoreConfig};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Executor as _, PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// Prepared statements kept per connection. Table names are qualified, so each workspace has its own.
const STATEMENTS: usize = 512;
/// The oldest server this is tested with, as its version number.
const OLDEST_SERVER: u32 = 150_000;

/// Connects, so that a wrong address is told at once.
pub(crate) async fn connect(url: &str, config: &StoreConfig) -> Result<PgPool, Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|source| Error::Unavailable {
            reason: "the database URL is not valid".to_owned(),
            source: Some(source.into()),
        })?
        .application_name("kontor")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    // What all transactions have in common is set once. Roles and schemas have the same names, so that the search
    // path of a transaction is the schema of the role that it takes on.
    let settings = format!(
        "SET search_path TO \"$user\"; SET statement_timeout TO {}",
        config.read_deadline.as_millis()
    );
    let pool = PgPoolOptions::new()
        .max_connections(config.pool_size.max(2))
        .acquire_timeout(config.read_deadline)
        .idle_timeout(Duration::from_secs(300))
        // Each transaction begins with a statement of its own, which finds a dead connection as well.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(
                async move { connection.execute(sqlx::raw_sql(AssertSqlSafe(settings))).await.map(drop) },
            )
        })
        .connect_with(options)
        .await
        .map_err(describe)?;
    let version = pool.acquire().await.map_err(describe)?.server_version_num().unwrap_or_default();
    if version < OLDEST_SERVER {
        return Err(Error::unavailable("PostgreSQL 15 or newer is needed"));
    }
    Ok(pool)
}

/// The ids, as text, of the workspaces that have a schema.
pub(crate) async fn workspace_schemas(pool: &PgPool) -> Result<Vec<String>, Error> {
    let rows =
        sqlx::query(r"SELECT substr(nspname, 4) FROM pg_namespace WHERE nspname LIKE 'ws\_%' ORDER BY 1")
            .fetch_all(pool)
            .await
            .map_err(describe)?;
    rows.iter().map(|row| row.try_get(0).map_err(describe)).collect()
}
