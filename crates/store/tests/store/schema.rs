use std::collections::BTreeSet;

use kontor_core::{environment::Environment, ids::WorkspaceId};
use kontor_store::{Dialect, Error, Namespace, Store, StoreConfig, testing::TestStore};

use crate::notes::{Raw, new_id};

/// Each column by its table, name, storage class and whether it may be null.
type Columns = BTreeSet<(String, String, String, bool)>;

const SQLITE: &str = "SELECT t.name, c.name, c.type, c.\"notnull\" <> 0 OR c.pk > 0 \
     FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
     WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE 'search%'";
const POSTGRES: &str = "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'NO' \
     FROM information_schema.columns \
     WHERE table_schema = current_schema() AND table_name NOT LIKE 'search%'";

/// How SQLite stores what a type of either engine holds.
fn class(data_type: &str) -> &'static str {
    match data_type.to_lowercase().as_str() {
        "uuid" | "bytea" | "blob" => "BLOB",
        "text" | "date" | "jsonb" | "character varying" => "TEXT",
        "bigint" | "integer" | "smallint" | "boolean" | "timestamp with time zone" => "INTEGER",
        "double precision" | "real" => "REAL",
        other => panic!("{other} is no type of this project"),
    }
}

/// Each index beside the primary keys, which the engines keep differently, by its table, columns, whether it is
/// unique and its condition.
type Indexes = BTreeSet<(String, String, bool, String)>;

const SQLITE_INDEXES: &str = "SELECT i.tbl_name, (SELECT group_concat(name, ',') FROM pragma_index_info(i.name)), \
     l.\"unique\" <> 0, CASE WHEN l.partial THEN substr(i.sql, instr(i.sql, 'WHERE ') + 6) ELSE '' END \
     FROM sqlite_schema AS i JOIN pragma_index_list(i.tbl_name) AS l ON l.name = i.name \
     WHERE i.type = 'index' AND l.origin <> 'pk' AND i.tbl_name NOT LIKE 'search%'";
const POSTGRES_INDEXES: &str = "SELECT t.relname::text, \
     (SELECT string_agg(pg_get_indexdef(x.indexrelid, n::int, false), ',' ORDER BY n) \
      FROM generate_series(1, x.indnatts) AS n), \
     x.indisunique, coalesce(pg_get_expr(x.indpred, x.indrelid), '') \
     FROM pg_index AS x JOIN pg_class AS t ON t.oid = x.indrelid \
     WHERE t.relnamespace = current_schema()::regnamespace AND NOT x.indisprimary AND t.relname NOT LIKE 'search%'";

/// Columns or a condition, without what an engine puts around them.
fn bare(written: &str) -> String {
    let plain = written.replace("::text", "").replace(['(', ')', '"'], "").to_lowercase();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn indexes(namespace: &Namespace) -> Indexes {
    let indexes: Result<Indexes, Error> = namespace
        .read((), |tx, ()| {
            Box::pin(async move {
                let sql = if tx.dialect() == Dialect::Sqlite { SQLITE_INDEXES } else { POSTGRES_INDEXES };
                let rows = tx.fetch_all(&Raw(sql)).await?;
                rows.iter()
                    .map(|row| {
                        let columns = bare(&row.get::<String>(1)?);
                        Ok((row.get(0)?, columns, row.get(2)?, bare(&row.get::<String>(3)?)))
                    })
                    .collect()
            })
        })
        .await;
    indexes.unwrap()
}

async fn columns(namespace: &Namespace) -> Columns {
    let columns: Result<Columns, Error> = namespace
        .read((), |tx, ()| {
            Box::pin(async move {
                let sql = if tx.dialect() == Dialect::Sqlite { SQLITE } else { POSTGRES };
                let rows = tx.fetch_all(&Raw(sql)).await?;
                rows.iter()
                    .map(|row| {
                        let data_type = class(&row.get::<String>(2)?);
                        Ok((row.get(0)?, row.get(1)?, data_type.to_owned(), row.get(3)?))
                    })
                    .collect()
            })
        })
        .await;
    columns.unwrap()
}

#[test]
fn the_migrations_of_both_engines_make_the_same_tables_and_indexes() {
    kontor_store::testing::run(Dialect::Postgres, |postgres: TestStore| async move {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Store::open(StoreConfig::new(folder.path()), Environment::system()).await.unwrap();
        assert_eq!(columns(sqlite.directory()).await, columns(postgres.directory()).await);
        assert_eq!(indexes(sqlite.directory()).await, indexes(postgres.directory()).await);
        let id = WorkspaceId(new_id());
        let (one, other) =
            (sqlite.create_workspace(id).await.unwrap(), postgres.create_workspace(id).await.unwrap());
        assert_eq!(columns(&one).await, columns(&other).await);
        assert_eq!(indexes(&one).await, indexes(&other).await);
        sqlite.close().await;
    });
}
