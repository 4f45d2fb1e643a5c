//! `sealing_keys` of the directory.

use kontor_core::time::Timestamp;
use kontor_store::Tx;
use sea_query::Query;

use crate::Result;

pub(crate) struct SealingKeyRow {
    pub(crate) version: i64,
    pub(crate) sealed_key: String,
}

pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<SealingKeyRow>> {
    let statement = Query::select().columns(["version", "sealed_key"]).from(tx.table("sealing_keys")).take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(|row| Ok(SealingKeyRow { version: row.get(0)?, sealed_key: row.get(1)? })).collect()
}

pub(crate) async fn insert(tx: &mut Tx<'_>, key: &SealingKeyRow, now: Timestamp) -> Result<()> {
    let statement = Query::insert()
        .into_table(tx.table("sealing_keys"))
        .columns(["version", "sealed_key", "created_at"])
        .values_panic([key.version.into(), key.sealed_key.as_str().into(), now.micros().into()])
        .take();
    tx.execute(&statement).await?;
    Ok(())
}
