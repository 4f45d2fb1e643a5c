//! A small table that the tests write to, and raw statements.

use kontor_core::{environment::Environment, ids::WorkspaceId, metadata::ColumnType};
use kontor_store::{ColumnSpec, Dialect, Error, IndexSpec, Namespace, Statement, Store, Tx};
use sea_query::{Expr, ExprTrait, Func, InsertStatement, Query, Values};
use uuid::Uuid;

/// A statement in words of its own.
pub(crate) struct Raw(pub(crate) &'static str);

impl Statement for Raw {
    fn render(&self, _: Dialect) -> (String, Values) {
        (self.0.to_owned(), Values(Vec::new()))
    }
}

pub(crate) fn new_id() -> Uuid {
    Environment::system().new_id()
}

/// A new workspace with the table `note`: `id`, a unique `title`, a `count`, a reference to another note.
pub(crate) async fn workspace(store: &Store) -> Namespace {
    let workspace = store.create_workspace(WorkspaceId(new_id())).await.unwrap();
    workspace.alter((), |tx, ()| Box::pin(create_table(tx))).await.unwrap();
    workspace
}

async fn create_table(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.create_table(
        "note",
        &[
            ColumnSpec::new("id", ColumnType::Uuid).primary_key(),
            ColumnSpec::new("title", ColumnType::Text).not_null(),
            ColumnSpec::new("count", ColumnType::Integer),
            ColumnSpec::new("parent", ColumnType::Uuid).references("note"),
            ColumnSpec::new("deleted_at", ColumnType::Timestamp),
        ],
    )
    .await?;
    tx.create_index(&IndexSpec::new("note_title", "note", &["title"]).unique().live_only()).await
}

pub(crate) fn insertion(tx: &Tx<'_>, id: Uuid, title: &str) -> InsertStatement {
    Query::insert()
        .into_table(tx.table("note"))
        .columns(["id", "title", "count"])
        .values_panic([id.into(), title.into(), 0_i64.into()])
        .to_owned()
}

pub(crate) async fn insert(tx: &mut Tx<'_>, title: &str) -> Result<Uuid, Error> {
    let id = new_id();
    let statement = insertion(tx, id, title);
    tx.execute(&statement).await?;
    Ok(id)
}

pub(crate) async fn add(workspace: &Namespace, title: &str) -> Result<Uuid, Error> {
    let title = title.to_owned();
    workspace.write(title, |tx, title| Box::pin(insert(tx, title))).await
}

pub(crate) async fn count(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let statement = Query::select().expr(Func::count(Expr::col("id"))).from(tx.table("note")).to_owned();
    tx.fetch_one(&statement).await?.get(0)
}

/// How many notes there are.
pub(crate) async fn notes(workspace: &Namespace) -> i64 {
    workspace.read((), |tx, ()| Box::pin(count(tx))).await.unwrap()
}

/// Reads, then writes what was read and one.
pub(crate) async fn increment(tx: &mut Tx<'_>, id: Uuid) -> Result<(), Error> {
    let select =
        Query::select().column("count").from(tx.table("note")).and_where(Expr::col("id").eq(id)).to_owned();
    let count: i64 = tx.fetch_one(&select).await?.get(0)?;
    let update = Query::update()
        .table(tx.table("note"))
        .value("count", count + 1)
        .and_where(Expr::col("id").eq(id))
        .to_owned();
    tx.execute(&update).await.map(drop)
}

/// Has the directory know a workspace.
pub(crate) async fn register(store: &Store, id: WorkspaceId, is_made: bool) {
    let status = if is_made { "active" } else { "creating" };
    let written: Result<u64, Error> = store
        .directory()
        .write(id, |tx, &id| {
            let insert = Query::insert()
                .into_table(tx.table("workspaces"))
                .columns(["id", "name", "name_folded", "status", "created_at"])
                .values_panic([
                    id.as_uuid().into(),
                    id.to_string().into(),
                    id.to_string().into(),
                    status.into(),
                    0_i64.into(),
                ])
                .take();
            Box::pin(async move { tx.execute(&insert).await })
        })
        .await;
    written.unwrap();
}
