//! What a new version has to make of data that older ones wrote and no SQL can: numbered steps, each done once in
//! every workspace when it is opened, a part at a time, so that one that was interrupted goes on where it was.

use futures::future::BoxFuture;
use kontor_core::time::Timestamp;
use sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query};

use crate::{Error, Namespace, Tx};

/// Does the next part of a step, from the place where the last one ended (nothing at first); answers where the
/// next part begins, or nothing when the step is done. A part is one transaction: it may be run again, and should
/// take less than a second.
pub type NextPart = for<'t, 'c> fn(&'t mut Tx<'c>, Option<String>) -> BoxFuture<'t, PartResult>;

/// Where the next part begins.
pub type PartResult = Result<Option<String>, Box<dyn std::error::Error + Send + Sync>>;

/// A step that a crate contributes. Its number is its own for ever; steps are done in the order of their numbers,
/// those that change tables and indexes before all others, which go by the tables of this version.
#[derive(Debug, Clone, Copy)]
pub struct DataStep {
    pub number: i64,
    /// What it does, in a few words.
    pub name: &'static str,
    /// Whether it changes tables and indexes, for which it runs alone.
    pub alters: bool,
    pub run: NextPart,
}

/// Does the steps that a workspace has not had.
pub(crate) async fn run(
    namespace: &Namespace,
    described: &str,
    steps: &[DataStep],
    now: Timestamp,
) -> Result<(), Error> {
    let mut missing = steps.to_vec();
    if missing.is_empty() {
        return Ok(());
    }
    let done = namespace.read((), |tx, ()| Box::pin(finished(tx))).await?;
    missing.retain(|step| !done.contains(&step.number));
    missing.sort_by_key(|step| (!step.alters, step.number));
    for step in missing {
        let mut parts = 0_u64;
        loop {
            if parts == 1 {
                tracing::info!(
                    namespace = described,
                    step = step.number,
                    name = step.name,
                    "a data step has more than one part: the workspace opens when all are done"
                );
            }
            parts += 1;
            let described = described.to_owned();
            let is_done = if step.alters {
                let part =
                    namespace.alter(described, move |tx, described| Box::pin(part(tx, described, step, now)));
                part.await?
            } else {
                let part =
                    namespace.write(described, move |tx, described| Box::pin(part(tx, described, step, now)));
                part.await?
            };
            if is_done {
                break;
            }
        }
    }
    Ok(())
}

async fn finished(tx: &mut Tx<'_>) -> Result<Vec<i64>, Error> {
    let statement = Query::select()
        .columns(["number", "finished_at"])
        .from(tx.table("data_steps"))
        .order_by("number", Order::Asc)
        .take();
    let mut finished = Vec::new();
    for row in tx.fetch_all(&statement).await? {
        if row.get::<Option<i64>>(1)?.is_some() {
            finished.push(row.get(0)?);
        }
    }
    Ok(finished)
}

/// Does one part of a step; whether the step is done. Servers that open the same workspace take turns.
async fn part(tx: &mut Tx<'_>, described: &str, step: DataStep, now: Timestamp) -> Result<bool, Error> {
    let begun = Query::insert()
        .into_table(tx.table("data_steps"))
        .columns(["number", "name"])
        .values_panic([step.number.into(), step.name.into()])
        .on_conflict(OnConflict::column("number").do_nothing().to_owned())
        .take();
    tx.execute(&begun).await?;
    let mut progress = Query::select()
        .columns(["place", "finished_at"])
        .from(tx.table("data_steps"))
        .and_where(number(step))
        .take();
    tx.dialect().lock_rows(&mut progress);
    let row = tx.fetch_one(&progress).await?;
    if row.get::<Option<i64>>(1)?.is_some() {
        return Ok(true);
    }
    let place = (step.run)(tx, row.get(0)?).await.map_err(|source| Error::Migration {
        namespace: described.to_owned(),
        reason: format!("data step {} ({}) failed", step.number, step.name),
        source: Some(source),
    })?;
    let finished_at = place.is_none().then(|| now.micros());
    let reached = Query::update()
        .table(tx.table("data_steps"))
        .value("place", place)
        .value("finished_at", finished_at)
        .and_where(number(step))
        .take();
    tx.execute(&reached).await?;
    Ok(finished_at.is_some())
}

fn number(step: DataStep) -> Expr {
    Expr::col("number").eq(step.number)
}
