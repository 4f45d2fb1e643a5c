//! The store alone: microseconds a statement, units of work a second.

#![allow(clippy::print_stdout, reason = "a program of the terminal")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use clap::Parser;
use kontor_bench::load;
use kontor_core::{
    environment::Environment,
    ids::{RecordId, WorkspaceId},
    metadata::ColumnType,
};
use kontor_store::{ColumnSpec, Namespace, Store, StoreConfig};
use kontor_testkit::database::Database;
use sea_query::{Alias, Expr, ExprTrait as _, Query};
use tempfile::TempDir;
use uuid::Uuid;

/// Statements in the unit that measures one statement.
const STATEMENTS: usize = 1_000;
/// Rows that reading statements find.
const ROWS: usize = 10_000;

#[derive(Parser)]
struct Arguments {
    /// A PostgreSQL server on which databases may be made; without one, SQLite.
    #[arg(long)]
    database_url: Option<String>,
    /// Two seconds a measurement instead of five.
    #[arg(long)]
    quick: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let duration = Duration::from_secs(if arguments.quick { 2 } else { 5 });
    let folder = TempDir::new()?;
    let database = match &arguments.database_url {
        Some(url) => Some(Database::create(url).await?),
        None => None,
    };
    let environment = Environment::system();
    let config = StoreConfig {
        database_url: database.as_ref().map(|database| database.url.clone()),
        ..StoreConfig::new(folder.path())
    };
    println!("# store on {}", if database.is_some() { "PostgreSQL" } else { "SQLite" });
    let store = Store::open(config, environment.clone()).await?;
    let namespace = store.create_workspace(environment.new_id::<WorkspaceId>()).await?;
    let ids = fill(&namespace, &environment).await?;

    let begun = Instant::now();
    let wanted = ids.clone();
    namespace
        .read(wanted, |tx, wanted| {
            Box::pin(async move {
                for id in wanted.iter().take(STATEMENTS) {
                    tx.fetch_optional(&select(tx.table("bench"), *id)).await?;
                }
                Ok::<_, kontor_store::Error>(())
            })
        })
        .await?;
    println!("select by key, in one unit:   {:>8.2} µs a statement", per(begun, STATEMENTS));

    let begun = Instant::now();
    let maker = environment.clone();
    namespace
        .write(maker, |tx, maker| {
            Box::pin(async move {
                for _ in 0..STATEMENTS {
                    tx.execute(&insert(tx.table("bench"), maker.new_id::<RecordId>().as_uuid())).await?;
                }
                Ok::<_, kontor_store::Error>(())
            })
        })
        .await?;
    println!("insert, in one unit:          {:>8.2} µs a statement", per(begun, STATEMENTS));

    for lanes in [1, 16, 64] {
        let run = load::repeat(lanes, duration, |lane, round| {
            let (namespace, id) = (&namespace, ids[(lane * 7_919 + round) % ids.len()]);
            async move {
                namespace
                    .read(id, |tx, &id| {
                        Box::pin(async move {
                            tx.fetch_optional(&select(tx.table("bench"), id)).await?;
                            tx.fetch_optional(&select(tx.table("bench"), id)).await
                        })
                    })
                    .await
                    .map(drop)
            }
        })
        .await?;
        println!("units of two reads,   {lanes:>2} concurrent: {run}");
        let run = load::repeat(lanes, duration, |_, _| {
            let (namespace, environment) = (&namespace, environment.clone());
            async move {
                namespace
                    .write(environment, |tx, environment| {
                        Box::pin(async move {
                            for _ in 0..4 {
                                let id = environment.new_id::<RecordId>().as_uuid();
                                tx.execute(&insert(tx.table("bench"), id)).await?;
                            }
                            Ok::<_, kontor_store::Error>(())
                        })
                    })
                    .await
            }
        })
        .await?;
        println!("units of four writes, {lanes:>2} concurrent: {run}");
    }
    store.close().await;
    if let Some(database) = database {
        database.remove().await?;
    }
    Ok(())
}

fn per(begun: Instant, count: usize) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6 / count as f64
}

fn select(table: sea_query::TableRef, id: Uuid) -> sea_query::SelectStatement {
    Query::select()
        .columns(["id", "name", "amount"].map(Alias::new))
        .from(table)
        .and_where(Expr::col(Alias::new("id")).eq(id))
        .take()
}

fn insert(table: sea_query::TableRef, id: Uuid) -> sea_query::InsertStatement {
    Query::insert()
        .into_table(table)
        .columns(["id", "name", "amount"].map(Alias::new))
        .values_panic([id.into(), "a name of usual length".into(), 1_250_000_000_i64.into()])
        .take()
}

/// Makes the table and its rows; their ids.
async fn fill(namespace: &Namespace, environment: &Environment) -> Result<Vec<Uuid>, kontor_store::Error> {
    let environment = environment.clone();
    namespace
        .alter(environment, |tx, environment| {
            Box::pin(async move {
                let columns = [
                    ColumnSpec::new("id", ColumnType::Uuid).primary_key(),
                    ColumnSpec::new("name", ColumnType::Text),
                    ColumnSpec::new("amount", ColumnType::Integer),
                ];
                tx.create_table("bench", &columns).await?;
                let mut ids = Vec::new();
                for _ in 0..ROWS {
                    let id = environment.new_id::<RecordId>().as_uuid();
                    tx.execute(&insert(tx.table("bench"), id)).await?;
                    ids.push(id);
                }
                Ok(ids)
            })
        })
        .await
}
