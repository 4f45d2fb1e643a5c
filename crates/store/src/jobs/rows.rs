//! The statements on the tables of jobs and schedules, which every namespace has.

use kontor_core::time::Timestamp;
use sea_query::{Cond, Expr, ExprTrait as _, OnConflict, Order, Query};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{JobRecord, JobState, NewJob, Planned};
use crate::{Error, Row, TableRow as _, Tx, prune::PART, table_row};

const JOBS: &str = "jobs";
/// How many characters of an error are kept.
const LONGEST_PROBLEM: usize = 2_000;

table_row! {
    /// A job that was claimed.
    #[derive(Debug, Clone)]
    pub(super) struct Claimed in JOBS {
        pub(super) id: Uuid,
        pub(super) name: String,
        pub(super) payload: String,
        /// This attempt's number, from 1.
        pub(super) attempt: u32 = "attempts",
        pub(super) epoch: i64,
    }
}

/// On what jobs are claimed.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) owner: Uuid,
    /// The process, whose jobs are not claimed again while their lease lasts.
    pub(super) process: Uuid,
    /// Whether leases of others are honoured until they expire.
    pub(super) shared: bool,
    pub(super) until: Timestamp,
    /// The types that this version knows: others are for a newer one.
    pub(super) names: Vec<&'static str>,
    /// Those that this process is running.
    pub(super) in_flight: Vec<Uuid>,
    pub(super) limit: u64,
    pub(super) now: Timestamp,
}

pub(super) async fn insert(tx: &mut Tx<'_>, id: Uuid, job: &NewJob, now: Timestamp) -> Result<bool, Error> {
    let insert = Query::insert()
        .into_table(tx.table(JOBS))
        .columns([
            "id",
            "name",
            "payload",
            "key",
            "priority",
            "state",
            "due_at",
            "attempts",
            "epoch",
            "created_at",
        ])
        .values_panic([
            id.into(),
            job.name.into(),
            job.payload.to_string().into(),
            job.key.clone().into(),
            i64::from(job.priority).into(),
            JobState::Waiting.into(),
            job.due_at.micros().into(),
            0_i64.into(),
            0_i64.into(),
            now.micros().into(),
        ])
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .take();
    Ok(tx.execute(&insert).await? == 1)
}

/// The jobs that are due, or that were being run by a process that is gone.
fn claimable(claim: &Claim) -> Cond {
    let waits = Expr::cust("state = 'waiting'").and(Expr::col("due_at").lte(claim.now.micros()));
    let mut gone = Cond::all().add(Expr::col("lease_process").ne(claim.process));
    if claim.shared {
        gone = gone.add(Expr::col("lease_owner").eq(claim.owner));
    }
    let overdue = Expr::col("lease_until").lt(claim.now.micros());
    let mut left = Cond::all().add(Expr::cust("state = 'running'")).add(Cond::any().add(gone).add(overdue));
    if !claim.in_flight.is_empty() {
        left = left.add(Expr::col("id").is_not_in(claim.in_flight.iter().copied()));
    }
    let known = Expr::col("name").is_in(claim.names.iter().copied());
    Cond::all().add(known).add(Cond::any().add(waits).add(left))
}

/// Whether there is a job to claim, and when the next one that waits is due.
pub(super) async fn outlook(tx: &mut Tx<'_>, claim: &Claim) -> Result<(bool, Option<Timestamp>), Error> {
    let due = Query::select().column("id").from(tx.table(JOBS)).cond_where(claimable(claim)).limit(1).take();
    let is_due = tx.fetch_optional(&due).await?.is_some();
    let next = Query::select()
        .expr(Expr::col("due_at").min())
        .from(tx.table(JOBS))
        .and_where(Expr::cust("state = 'waiting'"))
        .and_where(Expr::col("name").is_in(claim.names.iter().copied()))
        .take();
    let next: Option<i64> = tx.fetch_one(&next).await?.get(0)?;
    let leased = Query::select()
        .expr(Expr::col("lease_until").min())
        .from(tx.table(JOBS))
        .and_where(Expr::cust("state = 'running'"))
        .and_where(Expr::col("name").is_in(claim.names.iter().copied()))
        .take();
    let leased: Option<i64> = tx.fetch_one(&leased).await?.get(0)?;
    Ok((is_due, next.into_iter().chain(leased).min().map(Timestamp::from_micros)))
}

/// Claims jobs, those with a higher priority and an earlier time before others.
pub(super) async fn claim(tx: &mut Tx<'_>, claim: &Claim) -> Result<Vec<Claimed>, Error> {
    let mut due = tx.select::<Claimed>();
    due.cond_where(claimable(claim))
        .order_by("priority", Order::Desc)
        .order_by("due_at", Order::Asc)
        .order_by("id", Order::Asc)
        .limit(claim.limit);
    tx.dialect().claim_rows(&mut due);
    let mut claimed: Vec<Claimed> = tx.rows(&due).await?;
    // As they are by the update.
    for job in &mut claimed {
        job.attempt = job.attempt.saturating_add(1);
        job.epoch += 1;
    }
    if !claimed.is_empty() {
        let update = Query::update()
            .table(tx.table(JOBS))
            .value("state", JobState::Running)
            .value("attempts", Expr::col("attempts").add(1))
            .value("epoch", Expr::col("epoch").add(1))
            .value("lease_owner", claim.owner)
            .value("lease_process", claim.process)
            .value("lease_until", claim.until.micros())
            .value("started_at", claim.now.micros())
            .and_where(Expr::col("id").is_in(claimed.iter().map(|job| job.id)))
            .take();
        tx.execute(&update).await?;
    }
    Ok(claimed)
}

fn held(id: Uuid, epoch: i64) -> Expr {
    let is_running = Expr::cust("state = 'running'");
    Expr::col("id").eq(id).and(Expr::col("epoch").eq(epoch)).and(is_running)
}

/// Makes a lease last longer; whether it is still held.
pub(super) async fn renew(tx: &mut Tx<'_>, id: Uuid, epoch: i64, until: Timestamp) -> Result<bool, Error> {
    let update = Query::update()
        .table(tx.table(JOBS))
        .value("lease_until", until.micros())
        .and_where(held(id, epoch))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// Removes a job that is done; whether its lease was still held.
pub(super) async fn finish(tx: &mut Tx<'_>, id: Uuid, epoch: i64) -> Result<bool, Error> {
    let delete = Query::delete().from_table(tx.table(JOBS)).and_where(held(id, epoch)).take();
    Ok(tx.execute(&delete).await? == 1)
}

/// How a job is put back.
pub(super) struct PutBack {
    pub(super) state: JobState,
    pub(super) due_at: Timestamp,
    pub(super) problem: Option<String>,
    /// Whether the attempt counts.
    pub(super) counts: bool,
}

/// Puts a job back that did not succeed, where its lease is still held. One that waits under the same key by then
/// stands for it, and it is removed.
pub(super) async fn put_back(tx: &mut Tx<'_>, id: Uuid, epoch: i64, back: &PutBack) -> Result<(), Error> {
    if back.state == JobState::Waiting {
        let same = Query::select()
            .expr(Expr::val(1))
            .from_as(tx.table(JOBS), "other")
            .and_where(Expr::col(("other", "name")).eq(Expr::col((JOBS, "name"))))
            .and_where(Expr::col(("other", "key")).eq(Expr::col((JOBS, "key"))))
            .and_where(Expr::cust("other.state = 'waiting'"))
            .take();
        let replaced = Query::delete()
            .from_table(tx.table(JOBS))
            .and_where(held(id, epoch))
            .and_where(Expr::exists(same))
            .take();
        if tx.execute(&replaced).await? > 0 {
            return Ok(());
        }
    }
    let attempts = if back.counts { Expr::col("attempts") } else { Expr::col("attempts").sub(1) };
    let problem = back.problem.as_deref().map(|problem| kontor_core::text::excerpt(problem, LONGEST_PROBLEM));
    let update = Query::update()
        .table(tx.table(JOBS))
        .value("state", back.state)
        .value("due_at", back.due_at.micros())
        .value("attempts", attempts)
        .value("problem", problem)
        .value("lease_owner", None::<Uuid>)
        .value("lease_process", None::<Uuid>)
        .value("lease_until", None::<i64>)
        .and_where(held(id, epoch))
        .take();
    tx.execute(&update).await?;
    Ok(())
}

pub(super) async fn run_again(tx: &mut Tx<'_>, id: Uuid, now: Timestamp) -> Result<bool, Error> {
    let update = Query::update()
        .table(tx.table(JOBS))
        .value("state", JobState::Waiting)
        .value("due_at", now.micros())
        .value("attempts", 0_i64)
        // What was waiting under its key meanwhile goes its own way.
        .value("key", None::<String>)
        .and_where(Expr::col("id").eq(id))
        .and_where(Expr::cust("state <> 'running'"))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

pub(super) async fn list(
    tx: &mut Tx<'_>,
    state: Option<JobState>,
    limit: u64,
) -> Result<Vec<JobRecord>, Error> {
    let select = Query::select()
        .columns([
            "id",
            "name",
            "payload",
            "state",
            "due_at",
            "attempts",
            "problem",
            "created_at",
            "started_at",
        ])
        .from(tx.table(JOBS))
        .and_where_option(state.map(|state| Expr::col("state").eq(state)))
        .order_by("due_at", Order::Asc)
        .order_by("id", Order::Asc)
        .limit(limit)
        .take();
    tx.fetch_all(&select).await?.iter().map(decode).collect()
}

fn decode(row: &Row) -> Result<JobRecord, Error> {
    let (payload, state): (String, String) = (row.get(2)?, row.get(3)?);
    Ok(JobRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        payload: serde_json::from_str(&payload).unwrap_or(Json::String(payload)),
        // A word that a later version wrote is no reason to hide the job.
        state: JobState::from_word(&state).unwrap_or(JobState::Failed),
        due_at: row.get(4)?,
        attempts: count(row.get(5)?),
        problem: row.get(6)?,
        created_at: row.get(7)?,
        started_at: row.get(8)?,
    })
}

fn count(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(u32::MAX)
}

pub(super) async fn planned(tx: &mut Tx<'_>) -> Result<Vec<Planned>, Error> {
    let mut select = tx.select::<Planned>();
    select.order_by("name", Order::Asc);
    tx.rows(&select).await
}

/// Sets when a schedule is due next. Whether it stood as `before` said: another process may have been quicker.
pub(super) async fn plan(tx: &mut Tx<'_>, before: Option<&Planned>, next: &Planned) -> Result<bool, Error> {
    let changed = match before {
        None => {
            let insert =
                tx.insertion(next, [])?.on_conflict(OnConflict::new().do_nothing().to_owned()).take();
            tx.execute(&insert).await?
        }
        Some(before) => {
            let update = Query::update()
                .table(tx.table(Planned::TABLE))
                .value("expression", next.expression.as_str())
                .value("next_at", next.next_at.micros())
                .and_where(Expr::col("name").eq(before.name.as_str()))
                .and_where(Expr::col("next_at").eq(before.next_at.micros()))
                .take();
            tx.execute(&update).await?
        }
    };
    Ok(changed == 1)
}

/// Removes jobs that failed and were due before an instant.
pub(super) async fn prune(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    let old = Cond::all().add(Expr::cust("state = 'failed'")).add(Expr::col("due_at").lt(before.micros()));
    tx.delete_some(JOBS, &["id"], old, PART).await
}
