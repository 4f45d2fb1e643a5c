//! Writes that may be sent again: under a key a write has its effect once, and what was answered is kept in
//! the same transaction for whoever sends it again (draft-ietf-httpapi-idempotency-key-header). A write that
//! fails keeps nothing.

use std::time::Duration;

use kontor_core::caller::{Actor, Caller};
use sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Error, Work};

const TABLE: &str = "idempotency_keys";
/// How long an answer is kept.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How many answers that are too old a write removes at most.
const REMOVED: u64 = 50;

/// The key that a write is sent under, and what tells it from another write under the same key.
#[derive(Debug, Clone)]
pub struct RequestKey {
    pub key: String,
    /// The same for the same request alone, such as a digest of all that matters of it.
    pub fingerprint: String,
}

/// What was answered under the key. Where nothing was, the key is taken, and [`keep`] is to follow.
///
/// It is taken before the effect: on PostgreSQL the same write, sent at the same time, waits here for the
/// first to end, and is then run again and finds the answer.
pub(crate) async fn kept_or_taken<T: DeserializeOwned>(
    work: &mut Work<'_, '_>,
    request: &RequestKey,
) -> Result<Option<T>, Error> {
    let select = Query::select()
        .columns(["fingerprint", "answer"])
        .from(work.tx.table(TABLE))
        .and_where(Expr::col("owner").eq(owner(work.caller)))
        .and_where(Expr::col("request_key").eq(request.key.as_str()))
        .and_where(Expr::col("expires_at").gt(work.now.micros()))
        .take();
    if let Some(row) = work.tx.fetch_optional(&select).await? {
        if row.get::<String>(0)? != request.fingerprint {
            return Err(Error::KeyReused);
        }
        let answer: String = row.get(1)?;
        return serde_json::from_str(&answer).map(Some).map_err(Error::Entry);
    }
    remove_old(work).await?;
    // A row of the key that is there all the same is too old.
    let replaced = OnConflict::columns(["owner", "request_key"])
        .update_columns(["fingerprint", "answer", "expires_at"])
        .to_owned();
    let insert = Query::insert()
        .into_table(work.tx.table(TABLE))
        .columns(["owner", "request_key", "fingerprint", "answer", "expires_at"])
        .values_panic([
            owner(work.caller).into(),
            request.key.as_str().into(),
            request.fingerprint.as_str().into(),
            "".into(),
            work.now.plus(LIFETIME).micros().into(),
        ])
        .on_conflict(replaced)
        .take();
    work.tx.execute(&insert).await?;
    Ok(None)
}

/// Keeps the answer under the key that was taken.
pub(crate) async fn keep<T: Serialize>(
    work: &mut Work<'_, '_>,
    request: &RequestKey,
    answer: &T,
) -> Result<(), Error> {
    let answer = serde_json::to_string(answer).map_err(Error::Entry)?;
    let update = Query::update()
        .table(work.tx.table(TABLE))
        .value("answer", answer)
        .and_where(Expr::col("owner").eq(owner(work.caller)))
        .and_where(Expr::col("request_key").eq(request.key.as_str()))
        .take();
    work.tx.execute(&update).await?;
    Ok(())
}

/// Removes some of the answers that are too old, and leaves to others what they are removing.
async fn remove_old(work: &mut Work<'_, '_>) -> Result<(), Error> {
    let mut old = Query::select()
        .columns(["owner", "request_key"])
        .from(work.tx.table(TABLE))
        .and_where(Expr::col("expires_at").lte(work.now.micros()))
        .limit(REMOVED)
        .take();
    work.tx.dialect().claim_rows(&mut old);
    let key = Expr::tuple([Expr::col("owner"), Expr::col("request_key")]);
    let delete = Query::delete().from_table(work.tx.table(TABLE)).and_where(key.in_subquery(old)).take();
    work.tx.execute(&delete).await?;
    Ok(())
}

/// Whose key it is: two who ask may use the same.
fn owner(caller: &Caller) -> Uuid {
    match &caller.actor {
        Actor::Member { id, .. } | Actor::Agent { member: id, .. } => id.as_uuid(),
        Actor::ApiKey { id, .. } | Actor::Workflow { id, .. } => *id,
        Actor::System => Uuid::nil(),
    }
}
