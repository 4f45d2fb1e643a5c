//! Running statements on a connection.

use sea_query::Values;
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use crate::{Row, row::RowSource};

/// Statements come from sea-query, with every value bound.
fn query(
    sql: String,
    values: Values,
) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
    use sqlx::IntoArguments as _;
    sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values).into_arguments())
}

pub(crate) async fn fetch_all(
    connection: &mut PgConnection,
    sql: String,
    values: Values,
) -> sqlx::Result<Vec<Row>> {
    let rows = query(sql, values).fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| Row(RowSource::Postgres(row))).collect())
}

pub(crate) async fn fetch_optional(
    connection: &mut PgConnection,
    sql: String,
    values: Values,
) -> sqlx::Result<Option<Row>> {
    let row = query(sql, values).fetch_optional(connection).await?;
    Ok(row.map(|row| Row(RowSource::Postgres(row))))
}

pub(crate) async fn execute(connection: &mut PgConnection, sql: String, values: Values) -> sqlx::Result<u64> {
    let done = query(sql, values).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Runs statements without values, in one round trip.
pub(crate) async fn batch(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(drop)
}
