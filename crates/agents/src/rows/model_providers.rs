//! `model_providers`: the providers of models that a workspace brings itself.

use kontor_core::{actor::Actor, time::Timestamp};
use kontor_models::ProviderKind;
use kontor_store::Tx;
use sea_query::{Expr, ExprTrait, OnConflict, Order, Query};
use serde_json::Value as Json;

use super::instant;
use crate::error::Error;

const TABLE: &str = "model_providers";
const COLUMNS: [&str; 7] = ["name", "kind", "base_url", "api_version", "key_ending", "set_by", "set_at"];

/// A provider without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderRow {
    pub(crate) name: String,
    pub(crate) kind: ProviderKind,
    pub(crate) base_url: Option<String>,
    pub(crate) api_version: Option<String>,
    /// The last letters of its key, where it has one.
    pub(crate) key_ending: Option<String>,
    pub(crate) set_by: Actor,
    pub(crate) set_at: Timestamp,
}

/// Under which name a provider's key is kept among the workspace's secrets.
pub(crate) fn secret_of(name: &str) -> String {
    format!("model provider {name}")
}

/// All of them, by name.
pub(crate) async fn list(tx: &mut Tx<'_>) -> Result<Vec<ProviderRow>, Error> {
    let statement =
        Query::select().columns(COLUMNS).from(tx.table(TABLE)).order_by("name", Order::Asc).take();
    let rows = tx.fetch_all(&statement).await?;
    let decoded = rows.iter().map(|row| {
        let kind: String = row.get(1)?;
        let set_by: String = row.get(5)?;
        Ok(ProviderRow {
            name: row.get(0)?,
            kind: serde_json::from_value(Json::from(kind))?,
            base_url: row.get(2)?,
            api_version: row.get(3)?,
            key_ending: row.get(4)?,
            set_by: serde_json::from_str(&set_by)?,
            set_at: Timestamp::from_micros(row.get(6)?),
        })
    });
    decoded.collect()
}

pub(crate) async fn put(tx: &mut Tx<'_>, provider: &ProviderRow) -> Result<(), Error> {
    let kind = serde_json::to_value(provider.kind)?;
    let statement = Query::insert()
        .into_table(tx.table(TABLE))
        .columns(COLUMNS)
        .values_panic([
            Expr::val(provider.name.as_str()),
            Expr::val(kind.as_str().unwrap_or_default()),
            Expr::val(provider.base_url.clone()),
            Expr::val(provider.api_version.clone()),
            Expr::val(provider.key_ending.clone()),
            Expr::val(serde_json::to_string(&provider.set_by)?),
            Expr::val(instant(provider.set_at)),
        ])
        .on_conflict(
            OnConflict::column("name")
                .update_columns(["kind", "base_url", "api_version", "key_ending", "set_by", "set_at"])
                .to_owned(),
        )
        .take();
    tx.execute(&statement).await?;
    Ok(())
}

pub(crate) async fn remove(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
    let statement = Query::delete().from_table(tx.table(TABLE)).and_where(Expr::col("name").eq(name)).take();
    tx.execute(&statement).await?;
    Ok(())
}
