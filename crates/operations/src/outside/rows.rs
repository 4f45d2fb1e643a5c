use kontor_core::{text, time::Timestamp};
use kontor_store::{Error, Tx, prune::PART};
use sea_query::{Condition, Expr, ExprTrait as _, Query};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Begun, CLOCKS, MAX_TIME};
use crate::{Outcome, Work};

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
}

const BEGUN: &str = "begun";
const SUCCEEDED: &str = "succeeded";
const FAILED: &str = "failed";
const UNKNOWN: &str = "unknown";

/// Writes that a call begins, in the transaction of what leads to it.
pub(super) async fn begin(work: &mut Work<'_, '_>, call: &NewCall) -> Result<Begun, Error> {
    let now = work.now;
    let mut known = Query::select()
        .columns(["state", "outcome", "begun_at", "node", "operation", "arguments"])
        .from(work.tx.table(TABLE))
        .and_where(Expr::col("key").eq(call.key.as_str()))
        .take();
    work.tx.dialect().lock_rows(&mut known);
    let Some(row) = work.tx.fetch_optional(&known).await? else {
        let insert = Query::insert()
            .into_table(work.tx.table(TABLE))
            .columns(["key", "operation", "arguments", "actor", "node", "state", "attempts", "begun_at"])
            .values_panic([
                call.key.as_str().into(),
                call.operation.as_str().into(),
                call.arguments.to_string().into(),
                json!(work.caller.actor).to_string().into(),
                call.node.into(),
                BEGUN.into(),
                1_i64.into(),
                now.micros().into(),
            ])
            .take();
        work.tx.execute(&insert).await?;
        return Ok(Begun::First);
    };
    let (operation, arguments): (String, String) = (row.get(4)?, row.get(5)?);
    if operation != call.operation || !is_same(&arguments, &call.arguments) {
        return Ok(Begun::Other);
    }
    let (state, outcome): (String, Option<String>) = (row.get(0)?, row.get(1)?);
    let goes_on = match state.as_str() {
        BEGUN => {
            let node: Uuid = row.get(3)?;
            let ends = Timestamp::from_micros(row.get(2)?).plus(MAX_TIME + CLOCKS);
            if node != call.node && now < ends {
                return Ok(Begun::UnderWay(ends));
            }
            true
        }
        UNKNOWN => call.may_go_on,
        _ => false,
    };
    if !goes_on {
        return Ok(Begun::Ended(stored(&state, outcome.as_deref())));
    }
    let again = Query::update()
        .table(work.tx.table(TABLE))
        .value("state", BEGUN)
        .value("node", call.node)
        .value("attempts", Expr::col("attempts").add(1))
        .value("begun_at", now.micros())
        .value("ended_at", None::<i64>)
        .and_where(Expr::col("key").eq(call.key.as_str()))
        .take();
    work.tx.execute(&again).await?;
    Ok(Begun::Again)
}

/// Writes what came of a call.
pub(super) async fn end(work: &mut Work<'_, '_>, key: &str, outcome: &Outcome) -> Result<(), Error> {
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
        .and_where(Expr::col("state").eq(BEGUN))
        .take();
    work.tx.execute(&update).await.map(drop)
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
