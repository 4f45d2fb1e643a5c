use kontor_core::{text, time::Timestamp};
use kontor_store::{Error, Tx, prune::PART, table_row};
use sea_query::{Condition, Expr, ExprTrait as _, OnConflict, Query};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Begun, CLOCKS, MAX_TIME, Started};
use crate::{Error as CallError, Outcome, Work, requests};

const TABLE: &str = "outside_calls";
/// How many bytes of a result are stored.
const MAX_RESULT: usize = 64 << 10;

/// A call that is to be begun.
pub(super) struct NewCall {
    pub(super) key: String,
    /// The node that makes it now, and makes no call twice at a time.
    pub(super) node: Uuid,
    pub(super) operation: String,
    pub(super) arguments: Json,
    /// One whose outcome is not known is taken up again: it can be repeated, or looked up.
    pub(super) may_go_on: bool,
    /// It came as a request, whose key is free again where it failed, and whose sender may have other grants by now.
    pub(super) is_request: bool,
}

table_row! {
    /// A call as it was written.
    struct CallRow in TABLE {
        operation: String,
        arguments: String,
        node: Uuid,
        grants: String,
        state: String,
        outcome: Option<String>,
        attempts: i64,
        begun_at: Timestamp,
    }
}

const BEGUN: &str = "begun";
const SUCCEEDED: &str = "succeeded";
const FAILED: &str = "failed";
const UNKNOWN: &str = "unknown";

/// Writes that a call begins, in the transaction of what leads to it.
pub(super) async fn begin(work: &mut Work<'_, '_>, call: &NewCall) -> Result<Begun, CallError> {
    let now = work.now;
    let mut select = work.tx.select::<CallRow>();
    select.and_where(Expr::col("key").eq(call.key.as_str()));
    work.tx.dialect().lock_rows(&mut select);
    let grants = requests::digest(&work.caller.grants)?;
    let Some(known) = work.tx.row::<CallRow>(&select).await? else { return insert(work, call, grants).await };
    if known.operation != call.operation || !is_same(&known.arguments, &call.arguments) {
        return Ok(Begun::Other);
    }
    let is_again = match known.state.as_str() {
        BEGUN => {
            let ends = known.begun_at.plus(MAX_TIME + CLOCKS);
            if known.node != call.node && now < ends {
                return Ok(Begun::UnderWay(ends));
            }
            true
        }
        UNKNOWN if call.may_go_on => true,
        // It had no effect.
        FAILED if call.is_request => false,
        _ if call.is_request && known.grants != grants => return Ok(Begun::Withheld),
        state => return Ok(Begun::Ended(stored(state, known.outcome.as_deref()))),
    };
    let number = known.attempts + 1;
    let again = Query::update()
        .table(work.tx.table(TABLE))
        .value("state", BEGUN)
        .value("node", call.node)
        .value("grants", grants)
        .value("attempts", number)
        .value("begun_at", now.micros())
        .value("ended_at", None::<i64>)
        .and_where(Expr::col("key").eq(call.key.as_str()))
        .take();
    work.tx.execute(&again).await?;
    Ok(Begun::Started(Started { number, begun_at: now, is_again }))
}

async fn insert(work: &mut Work<'_, '_>, call: &NewCall, grants: String) -> Result<Begun, CallError> {
    let now = work.now;
    let row = CallRow {
        operation: call.operation.clone(),
        arguments: call.arguments.to_string(),
        node: call.node,
        grants,
        state: BEGUN.to_owned(),
        outcome: None,
        attempts: 1,
        begun_at: now,
    };
    let actor = json!(work.caller.actor()).to_string();
    let insert = work
        .tx
        .insertion(&row, [("key", call.key.as_str().into()), ("actor", actor.into())])?
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .take();
    match work.tx.execute(&insert).await? {
        // Another node has just begun it.
        0 => Ok(Begun::UnderWay(now)),
        _ => Ok(Begun::Started(Started { number: 1, begun_at: now, is_again: false })),
    }
}

/// Writes what came of an attempt, unless another has begun since.
pub(super) async fn end(
    work: &mut Work<'_, '_>,
    key: &str,
    number: i64,
    outcome: &Outcome,
) -> Result<(), Error> {
    let (state, outcome) = match outcome {
        Outcome::Succeeded(result) => (SUCCEEDED, Some(bounded(result))),
        Outcome::Failed(problem) => (FAILED, Some(json!(problem).to_string())),
        Outcome::Unknown => (UNKNOWN, None),
    };
    let update = Query::update()
        .table(work.tx.table(TABLE))
        .value("state", state)
        .value("outcome", outcome)
        .value("ended_at", work.now.micros())
        .and_where(Expr::col("key").eq(key))
        .and_where(Expr::col("attempts").eq(number))
        .and_where(Expr::col("state").eq(BEGUN))
        .take();
    work.tx.execute(&update).await.map(drop)
}

/// Says of calls that were begun before an instant and never ended that nobody knows what came of them.
pub(super) async fn give_up(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("state", UNKNOWN)
        .value("ended_at", Expr::col("begun_at"))
        .and_where(Expr::col("state").eq(BEGUN))
        .and_where(Expr::col("begun_at").lt(before.micros()))
        .take();
    tx.execute(&update).await
}

fn is_same(written: &str, arguments: &Json) -> bool {
    serde_json::from_str::<Json>(written).is_ok_and(|written| written == *arguments)
}

fn stored(state: &str, outcome: Option<&str>) -> Outcome {
    let json = outcome.and_then(|outcome| serde_json::from_str::<Json>(outcome).ok());
    match (state, json) {
        (SUCCEEDED, Some(result)) => Outcome::Succeeded(result),
        (FAILED, Some(problem)) => serde_json::from_value(problem).map_or(Outcome::Unknown, Outcome::Failed),
        // What cannot be read is not taken for a success, nor for a failure after which one may try again.
        _ => Outcome::Unknown,
    }
}

fn bounded(result: &Json) -> String {
    let written = result.to_string();
    if written.len() <= MAX_RESULT {
        return written;
    }
    json!({ "truncated": true, "beginning": text::excerpt(&written, MAX_RESULT / 8) }).to_string()
}

/// Removes calls that ended before an instant.
pub(super) async fn prune(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    let old = Condition::all().add(Expr::col("ended_at").lt(before.micros()));
    tx.delete_some(TABLE, &["key"], old, PART).await
}
