#!/usr/bin/env bash
# A transaction whose beginning nobody waited for stays open on a connection of the pool.
#
# Expected: dropping the future of begin() before it is done, as every time-out and every client that goes away does,
#   leaves the connection usable or closes it, as dropping a transaction does.
# Package:  sqlx 0.9.0 (crates.io) with PostgreSQL 15.
# Seen:     sqlx counts a transaction once the server has answered BEGIN. Given up before that, nothing is rolled back,
#   and the connection goes back into the pool in the middle of the transaction, where the pool's own test finds it
#   well. What the next user writes outside a transaction reports success and is seen by nobody.
# Matters:  a member closed a page while a read began; the next write that got the connection failed, since the
#   transaction that it found itself in was one for reading.
#
# Needs cargo, its package registry, and the address of a PostgreSQL server in DATABASE_URL, where it makes a table and
# drops it. Fails when what is seen changes.
set -euo pipefail

: "${DATABASE_URL:?names no PostgreSQL server}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

mkdir -p program/src
cat > program/Cargo.toml <<'TOML'
[package]
name = "seen"
version = "0.0.0"
edition = "2021"

[dependencies]
futures-util = "=0.3.32"
sqlx = { version = "=0.9.0", default-features = false, features = ["postgres", "runtime-tokio"] }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
TOML
cat > program/src/main.rs <<'RUST'
use futures_util::FutureExt as _;
use sqlx::{Connection as _, PgConnection, postgres::PgPoolOptions};

#[tokio::main]
async fn main() -> Result<(), sqlx::Error> {
    let url = std::env::var("DATABASE_URL").unwrap();
    let mut other = PgConnection::connect(&url).await?;
    sqlx::query("DROP TABLE IF EXISTS seen_notes").execute(&mut other).await?;
    sqlx::query("CREATE TABLE seen_notes (said text)").execute(&mut other).await?;
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await?;

    let mut connection = pool.acquire().await?;
    let begun = connection.begin().now_or_never();
    println!("begun before it was given up: {}", begun.is_some());
    drop(begun);
    drop(connection);

    let written = sqlx::query("INSERT INTO seen_notes VALUES ('kept')").execute(&pool).await?;
    println!("rows written: {}", written.rows_affected());
    let (seen,): (i64,) = sqlx::query_as("SELECT count(*) FROM seen_notes").fetch_one(&mut other).await?;
    println!("rows that others see: {seen}");
    pool.close().await;
    sqlx::query("DROP TABLE seen_notes").execute(&mut other).await?;
    Ok(())
}
RUST
cargo run --quiet --manifest-path program/Cargo.toml | tee seen
diff seen - <<'SEEN'
begun before it was given up: false
rows written: 1
rows that others see: 0
SEEN
