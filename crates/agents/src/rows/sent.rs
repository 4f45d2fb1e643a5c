//! `sent_texts`: the prompts and tools that models were sent.

use std::collections::HashMap;

use kontor_core::time::Timestamp;
use kontor_store::Tx;
use sea_query::{Cond, Expr, ExprTrait, OnConflict, Query};

use super::instant;
use crate::{error::Error, stored::SentText};

const TABLE: &str = "sent_texts";

/// Keeps texts; of one that is there, that it was sent again.
pub(crate) async fn keep(tx: &mut Tx<'_>, texts: &[SentText], now: Timestamp) -> Result<(), Error> {
    let mut insert = Query::insert();
    insert.into_table(tx.table(TABLE)).columns(["digest", "text", "seen_at"]);
    for SentText { digest, text } in texts {
        insert.values_panic([Expr::val(&**digest), Expr::val(&**text), Expr::val(instant(now))]);
    }
    insert.on_conflict(OnConflict::column("digest").update_column("seen_at").to_owned());
    tx.execute(&insert).await?;
    Ok(())
}

/// The texts with these digests that are kept.
pub(crate) async fn find(tx: &mut Tx<'_>, digests: &[String]) -> Result<HashMap<String, String>, Error> {
    if digests.is_empty() {
        return Ok(HashMap::new());
    }
    let select = Query::select()
        .columns(["digest", "text"])
        .from(tx.table(TABLE))
        .and_where(Expr::col("digest").is_in(digests.iter().map(String::as_str)))
        .take();
    tx.fetch_all(&select).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Removes those that nobody was sent since an instant.
pub(crate) async fn prune(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, kontor_store::Error> {
    let old = Cond::all().add(Expr::col("seen_at").lt(instant(before)));
    tx.delete_some(TABLE, &["digest"], old, kontor_store::prune::PART).await
}
