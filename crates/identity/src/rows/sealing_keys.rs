//! `sealing_keys` of the directory.

use kontor_core::time::Timestamp;
use kontor_store::{Tx, table_row};

use crate::Result;

table_row! {
    pub(crate) struct SealingKeyRow in "sealing_keys" {
        pub(crate) version: i64,
        pub(crate) sealed_key: String,
    }
}

pub(crate) async fn all(tx: &mut Tx<'_>) -> Result<Vec<SealingKeyRow>> {
    let statement = tx.select::<SealingKeyRow>();
    Ok(tx.rows(&statement).await?)
}

pub(crate) async fn insert(tx: &mut Tx<'_>, key: &SealingKeyRow, now: Timestamp) -> Result<()> {
    let statement = tx.insertion(key, [("created_at", now.micros().into())])?;
    tx.execute(&statement).await?;
    Ok(())
}
