//! `eval_datasets` and `eval_dataset_versions`.

use kontor_core::{actor::Actor, time::Timestamp};
use kontor_store::{Tx, table_row};
use sea_query::{Expr, ExprTrait, JoinType, Order, Query};
use uuid::Uuid;

use crate::{dataset::Dataset, evaluations::Error};

const TABLE: &str = "eval_datasets";
const VERSIONS: &str = "eval_dataset_versions";

table_row! {
    /// A dataset by its name.
    #[derive(Debug, Clone)]
    pub(in crate::evaluations) struct DatasetRow in TABLE {
        pub(in crate::evaluations) id: Uuid,
        pub(in crate::evaluations) name: String,
        pub(in crate::evaluations) version: i64,
        pub(in crate::evaluations) created_by: Actor as json,
        pub(in crate::evaluations) created_at: Timestamp,
    }
}

table_row! {
    /// What a dataset says in a version, without its text and its cases.
    #[derive(Debug, Clone)]
    pub(in crate::evaluations) struct VersionRow in VERSIONS {
        pub(in crate::evaluations) dataset_id: Uuid,
        pub(in crate::evaluations) version: i64,
        pub(in crate::evaluations) digest: String,
        pub(in crate::evaluations) description: String,
        pub(in crate::evaluations) tags: Vec<String> as json,
        pub(in crate::evaluations) cases: i64,
        pub(in crate::evaluations) is_json: bool,
        pub(in crate::evaluations) made_by: Actor as json,
        pub(in crate::evaluations) made_at: Timestamp,
    }
}

table_row! {
    /// The text of a version as it was sent, and what was read of it.
    #[derive(Debug, Clone)]
    pub(in crate::evaluations) struct TextRow in VERSIONS {
        pub(in crate::evaluations) source: String,
        pub(in crate::evaluations) content: Dataset as json,
    }
}

pub(in crate::evaluations) async fn find(tx: &mut Tx<'_>, name: &str) -> Result<Option<DatasetRow>, Error> {
    let mut select = tx.select::<DatasetRow>();
    select.and_where(Expr::col("name").eq(name));
    Ok(tx.row(&select).await?)
}

/// All of them with their present versions, by name.
pub(in crate::evaluations) async fn list(tx: &mut Tx<'_>) -> Result<Vec<(DatasetRow, VersionRow)>, Error> {
    let mut datasets = tx.select::<DatasetRow>();
    datasets.order_by("name", Order::Asc);
    let datasets: Vec<DatasetRow> = tx.rows(&datasets).await?;
    let column = |table: &'static str, name: &'static str| Expr::col((table, name));
    let is_present =
        column("v", "dataset_id").equals(("d", "id")).and(column("v", "version").equals(("d", "version")));
    let versions = Query::select()
        .columns(<VersionRow as kontor_store::TableRow>::COLUMNS.iter().map(|name| ("v", *name)))
        .from_as(tx.table(TABLE), "d")
        .join_as(JoinType::InnerJoin, tx.table(VERSIONS), "v", is_present)
        .order_by(("d", "name"), Order::Asc)
        .take();
    let versions: Vec<VersionRow> = tx.rows(&versions).await?;
    Ok(datasets.into_iter().zip(versions).collect())
}

pub(in crate::evaluations) async fn version(
    tx: &mut Tx<'_>,
    dataset: Uuid,
    version: i64,
) -> Result<Option<VersionRow>, Error> {
    let mut select = tx.select::<VersionRow>();
    select.and_where(Expr::col("dataset_id").eq(dataset)).and_where(Expr::col("version").eq(version));
    Ok(tx.row(&select).await?)
}

pub(in crate::evaluations) async fn text(
    tx: &mut Tx<'_>,
    dataset: Uuid,
    version: i64,
) -> Result<Option<TextRow>, Error> {
    let mut select = tx.select::<TextRow>();
    select.and_where(Expr::col("dataset_id").eq(dataset)).and_where(Expr::col("version").eq(version));
    Ok(tx.row(&select).await?)
}

pub(in crate::evaluations) async fn add_version(
    tx: &mut Tx<'_>,
    row: &VersionRow,
    text: &TextRow,
) -> Result<(), Error> {
    let content = serde_json::to_string(&text.content)?;
    let beside = [("source", text.source.as_str().into()), ("content", content.into())];
    let insert = tx.insertion(row, beside)?;
    tx.execute(&insert).await?;
    Ok(())
}

/// Has a dataset be at a version, under a name.
pub(in crate::evaluations) async fn set_version(
    tx: &mut Tx<'_>,
    dataset: Uuid,
    name: &str,
    version: i64,
) -> Result<(), Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("name", name)
        .value("version", version)
        .and_where(Expr::col("id").eq(dataset))
        .take();
    tx.execute(&update).await?;
    Ok(())
}

pub(in crate::evaluations) async fn remove(tx: &mut Tx<'_>, dataset: Uuid) -> Result<(), Error> {
    let delete = Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("id").eq(dataset)).take();
    tx.execute(&delete).await?;
    Ok(())
}
