//! Calls that may be sent again: under a key a write has its effect once, and what was answered is kept in the same
//! transaction for whoever sends it again (draft-ietf-httpapi-idempotency-key-header). A write that fails keeps
//! nothing.
//!
//! An answer is repeated as it was as long as its sender may read the same; else it is told anew, of what they may
//! read by then.

use std::time::Duration;

use kontor_core::{caller::Caller, grants::Grants, ids::RecordId, text::hex, time::Timestamp};
use kontor_store::{BoxFuture, Tx, prune::PART};
use sea_query::{Condition, Expr, ExprTrait as _, OnConflict, Query};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{Error, Work};

const TABLE: &str = "idempotency_keys";
/// How long an answer is kept.
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// How many answers that are too old a write removes at most.
const REMOVED: u64 = 50;

/// The key that a write is sent under, and what tells it from another write under the same key.
#[derive(Debug, Clone)]
pub struct RequestKey {
    pub key: String,
    /// The same for the same request alone, such as a digest of all that matters of it.
    pub fingerprint: String,
}

/// What was answered under a key, and what it told of.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answered<T> {
    pub answer: T,
    /// The records whose fields it tells, where the answer does not name them.
    pub records: Vec<RecordId>,
    /// A digest of the grants that it was told under.
    grants: String,
}

impl<T> Answered<T> {
    /// # Errors
    /// [`Error::Answer`] where the grants cannot be written.
    pub fn new(work: &Work<'_, '_>, answer: T, records: Vec<RecordId>) -> Result<Self, Error> {
        Ok(Self { answer, records, grants: digest(&work.caller.grants)? })
    }

    /// Whether the caller's grants are still those that it was told under.
    ///
    /// # Errors
    /// [`Error::Answer`] where the grants cannot be written.
    pub fn has_same_grants(&self, work: &Work<'_, '_>) -> Result<bool, Error> {
        Ok(self.grants == digest(&work.caller.grants)?)
    }
}

pub(crate) fn digest(grants: &Grants) -> Result<String, Error> {
    let json = serde_json::to_vec(grants).map_err(Error::Answer)?;
    Ok(hex(&Sha256::digest(json)))
}

/// What was answered under the key. Where nothing was, the key is taken, and [`keep`] is to follow.
///
/// It is taken before the effect: on PostgreSQL the same write, sent at the same time, waits here for the
/// first to end, and is then run again and finds the answer.
///
/// # Errors
/// [`Error::KeyReused`] for another request; [`Error::AnswerWithheld`] where the answer cannot be read.
pub async fn kept_or_taken<T: DeserializeOwned>(
    work: &mut Work<'_, '_>,
    request: &RequestKey,
) -> Result<Option<Answered<T>>, Error> {
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
        // One that was kept by an earlier version does not say under which grants it was told.
        return serde_json::from_str(&answer).map(Some).map_err(|_| Error::AnswerWithheld);
    }
    remove_old(work.tx, work.now, REMOVED).await?;
    // If the key still has a row, it has expired: replace it.
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
///
/// # Errors
/// [`Error::Answer`] where it cannot be written.
pub async fn keep<T: Serialize>(
    work: &mut Work<'_, '_>,
    request: &RequestKey,
    answer: &Answered<T>,
) -> Result<(), Error> {
    let answer = serde_json::to_string(answer).map_err(Error::Answer)?;
    let update = Query::update()
        .table(work.tx.table(TABLE))
        .value("answer", answer)
        .and_where(Expr::col("owner").eq(owner(work.caller)))
        .and_where(Expr::col("request_key").eq(request.key.as_str()))
        .take();
    work.tx.execute(&update).await?;
    Ok(())
}

/// Removes answers that are too old.
pub fn prune<'t>(tx: &'t mut Tx<'_>, now: Timestamp) -> BoxFuture<'t, Result<u64, kontor_store::Error>> {
    Box::pin(async move { remove_old(tx, now, PART).await })
}

async fn remove_old(tx: &mut Tx<'_>, now: Timestamp, limit: u64) -> Result<u64, kontor_store::Error> {
    let old = Condition::all().add(Expr::col("expires_at").lte(now.micros()));
    tx.delete_some(TABLE, &["owner", "request_key"], old, limit).await
}

/// Whose key it is: two who ask may use the same.
pub(crate) fn owner(caller: &Caller) -> Uuid {
    caller.principal.id().unwrap_or_default()
}
