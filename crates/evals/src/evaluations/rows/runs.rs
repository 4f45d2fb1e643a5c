//! `eval_runs`.

use kontor_core::{
    actor::Actor,
    error::Problem,
    ids::{AgentId, MemberId},
    time::Timestamp,
};
use kontor_store::{Tx, stored_enum, table_row};
use schemars::JsonSchema;
use sea_query::{Expr, ExprTrait, Func, Order, Query};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{evaluations::Error, report::Report, run::ModelChoice, stats::Summary};

const TABLE: &str = "eval_runs";

stored_enum! {
    /// Where a run stands.
    pub enum RunState: "state of a run" {
        Queued = "queued",
        Running = "running",
        /// Every trial was run and judged.
        Completed = "completed",
        /// It could not be made, or a trial of it could not be run or judged.
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

impl RunState {
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// What a run came to, in a few figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunFigures {
    /// The part of trials that passed, the mean over cases.
    pub pass_at_1: Option<f64>,
    /// The mean score over cases, with its interval where there is one.
    pub score: Option<f64>,
    pub score_low: Option<f64>,
    pub score_high: Option<f64>,
    /// Cases that pass sometimes.
    pub flaky: usize,
    pub trials: usize,
    pub tokens: u64,
    /// In millionths of a US dollar, of the trials whose cost is known.
    pub cost_micros: u64,
    pub latency_p50_ms: Option<f64>,
    pub latency_p95_ms: Option<f64>,
}

impl From<&Summary> for RunFigures {
    fn from(summary: &Summary) -> Self {
        let score = summary.score.as_ref();
        Self {
            pass_at_1: summary.pass_at_1.as_ref().map(|interval| interval.mean),
            score: score.map(|interval| interval.mean),
            score_low: score.and_then(|interval| interval.low),
            score_high: score.and_then(|interval| interval.high),
            flaky: summary.flaky.len(),
            trials: summary.trials,
            tokens: summary.tokens,
            cost_micros: summary.cost_micros,
            latency_p50_ms: summary.latency_p50_ms,
            latency_p95_ms: summary.latency_p95_ms,
        }
    }
}

stored_enum! {
    /// Who made a run.
    pub enum Origin: "origin of a run" {
        /// The workspace itself.
        Workspace = "workspace",
        /// `kontor eval run --workspace`, on a throw-away workspace of its own.
        CommandLine = "command_line",
    }
}

table_row! {
    /// A run without the prompt that it tries and what it came to.
    #[derive(Debug, Clone)]
    pub(in crate::evaluations) struct RunRow in TABLE {
        pub(in crate::evaluations) id: Uuid,
        pub(in crate::evaluations) dataset_id: Option<Uuid>,
        pub(in crate::evaluations) dataset: String,
        pub(in crate::evaluations) dataset_version: Option<i64>,
        pub(in crate::evaluations) dataset_digest: String,
        pub(in crate::evaluations) agent_id: Option<AgentId>,
        pub(in crate::evaluations) agent: String,
        pub(in crate::evaluations) agent_version: Option<i64>,
        pub(in crate::evaluations) prompt_version: Option<i64>,
        pub(in crate::evaluations) label: Option<String>,
        pub(in crate::evaluations) subject: Option<String>,
        pub(in crate::evaluations) choice: ModelChoice as json,
        pub(in crate::evaluations) model: Option<String>,
        pub(in crate::evaluations) models: Vec<String> as json,
        pub(in crate::evaluations) trials: u32,
        pub(in crate::evaluations) concurrency: u32,
        pub(in crate::evaluations) tags: Vec<String> as json,
        pub(in crate::evaluations) state: RunState,
        pub(in crate::evaluations) problem: Option<Problem> as json,
        pub(in crate::evaluations) planned: i64,
        pub(in crate::evaluations) done: i64,
        pub(in crate::evaluations) passed: i64,
        pub(in crate::evaluations) figures: Option<RunFigures> as json,
        pub(in crate::evaluations) origin: Origin,
        pub(in crate::evaluations) member: Option<MemberId> = "member_id",
        pub(in crate::evaluations) made_by: Actor as json,
        pub(in crate::evaluations) created_at: Timestamp,
        pub(in crate::evaluations) started_at: Option<Timestamp>,
        pub(in crate::evaluations) ended_at: Option<Timestamp>,
    }
}

table_row! {
    /// What a run came to, without its trials; and the prompt that it tries.
    #[derive(Debug, Clone)]
    pub(in crate::evaluations) struct ReportRow in TABLE {
        pub(in crate::evaluations) prompt: String,
        pub(in crate::evaluations) report: Option<Report> as json,
    }
}

/// Which runs are wanted.
#[derive(Debug, Clone, Default)]
pub(in crate::evaluations) struct Wanted {
    pub(in crate::evaluations) dataset: Option<String>,
    pub(in crate::evaluations) agent: Option<String>,
    pub(in crate::evaluations) state: Option<RunState>,
    pub(in crate::evaluations) after: Option<(Timestamp, Uuid)>,
    pub(in crate::evaluations) limit: u64,
}

pub(in crate::evaluations) async fn insert(
    tx: &mut Tx<'_>,
    row: &RunRow,
    prompt: &str,
    report: Option<&Report>,
) -> Result<(), Error> {
    let report = report.map(serde_json::to_string).transpose()?;
    let beside = [("prompt", prompt.into()), ("report", report.into())];
    let insert = tx.insertion(row, beside)?;
    tx.execute(&insert).await?;
    Ok(())
}

pub(in crate::evaluations) async fn find(tx: &mut Tx<'_>, run: Uuid) -> Result<Option<RunRow>, Error> {
    let mut select = tx.select::<RunRow>();
    select.and_where(Expr::col("id").eq(run));
    Ok(tx.row(&select).await?)
}

pub(in crate::evaluations) async fn report(tx: &mut Tx<'_>, run: Uuid) -> Result<Option<ReportRow>, Error> {
    let mut select = tx.select::<ReportRow>();
    select.and_where(Expr::col("id").eq(run));
    Ok(tx.row(&select).await?)
}

/// Those that are wanted, the latest first.
pub(in crate::evaluations) async fn list(tx: &mut Tx<'_>, wanted: &Wanted) -> Result<Vec<RunRow>, Error> {
    let mut select = tx.select::<RunRow>();
    if let Some(dataset) = &wanted.dataset {
        select.and_where(Expr::col("dataset").eq(dataset.as_str()));
    }
    if let Some(agent) = &wanted.agent {
        select.and_where(Expr::col("agent").eq(agent.as_str()));
    }
    if let Some(state) = wanted.state {
        select.and_where(Expr::col("state").eq(state));
    }
    if let Some((at, id)) = wanted.after {
        let earlier = Expr::col("created_at").lt(at.micros());
        let same = Expr::col("created_at").eq(at.micros()).and(Expr::col("id").lt(id));
        select.and_where(earlier.or(same));
    }
    select.order_by("created_at", Order::Desc).order_by("id", Order::Desc).limit(wanted.limit);
    Ok(tx.rows(&select).await?)
}

/// How many runs stand in one of these states.
pub(in crate::evaluations) async fn count(tx: &mut Tx<'_>, states: &[RunState]) -> Result<i64, Error> {
    let select = Query::select()
        .expr(Func::count(Expr::col("id")))
        .from(tx.table(TABLE))
        .and_where(Expr::col("state").is_in(states.iter().copied()))
        .take();
    Ok(tx.fetch_one(&select).await?.get(0)?)
}

/// The run that has waited longest.
pub(in crate::evaluations) async fn next_queued(tx: &mut Tx<'_>) -> Result<Option<Uuid>, Error> {
    let select = Query::select()
        .column("id")
        .from(tx.table(TABLE))
        .and_where(Expr::col("state").eq(RunState::Queued))
        .order_by("created_at", Order::Asc)
        .order_by("id", Order::Asc)
        .limit(1)
        .take();
    Ok(tx.fetch_optional(&select).await?.map(|row| row.get(0)).transpose()?)
}

/// Begins a run that waits.
pub(in crate::evaluations) async fn begin(tx: &mut Tx<'_>, run: Uuid, now: Timestamp) -> Result<(), Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("state", RunState::Running)
        .value("started_at", now.micros())
        .and_where(Expr::col("id").eq(run))
        .and_where(Expr::col("state").eq(RunState::Queued))
        .take();
    tx.execute(&update).await?;
    Ok(())
}

/// Counts a trial of a run that is being made; whether it is.
pub(in crate::evaluations) async fn count_trial(
    tx: &mut Tx<'_>,
    run: Uuid,
    passed: bool,
) -> Result<bool, Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("done", Expr::col("done").add(1))
        .value("passed", Expr::col("passed").add(i64::from(passed)))
        .and_where(Expr::col("id").eq(run))
        .and_where(Expr::col("state").eq(RunState::Running))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(in crate::evaluations) struct Ended {
    pub(in crate::evaluations) state: RunState,
    pub(in crate::evaluations) problem: Option<Problem>,
    pub(in crate::evaluations) models: Vec<String>,
    pub(in crate::evaluations) report: Option<Report>,
    pub(in crate::evaluations) at: Timestamp,
}

/// Ends a run that has not ended; whether it had not.
pub(in crate::evaluations) async fn end(tx: &mut Tx<'_>, run: Uuid, ended: &Ended) -> Result<bool, Error> {
    let Ended { state, problem, models, report, at } = ended;
    let figures = report.as_ref().map(|report| RunFigures::from(&report.totals));
    let text = |value: Option<Result<String, serde_json::Error>>| value.transpose();
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("state", *state)
        .value("problem", text(problem.as_ref().map(serde_json::to_string))?)
        .value("models", serde_json::to_string(models)?)
        .value("report", text(report.as_ref().map(serde_json::to_string))?)
        .value("figures", text(figures.as_ref().map(serde_json::to_string))?)
        .value("ended_at", at.micros())
        .and_where(Expr::col("id").eq(run))
        .and_where(Expr::col("state").is_in([RunState::Queued, RunState::Running]))
        .take();
    Ok(tx.execute(&update).await? == 1)
}

/// The whole runs of a dataset on what is tried, the latest first: those that have come to their end.
pub(in crate::evaluations) async fn of_subject(
    tx: &mut Tx<'_>,
    subject: &str,
    dataset_digest: &str,
) -> Result<Vec<RunRow>, Error> {
    let mut select = tx.select::<RunRow>();
    select
        .and_where(Expr::col("subject").eq(subject))
        .and_where(Expr::col("dataset_digest").eq(dataset_digest))
        .and_where(Expr::col("tags").eq("[]"))
        .and_where(Expr::col("origin").eq(Origin::Workspace))
        .and_where(Expr::col("state").is_in([RunState::Completed, RunState::Failed]))
        .order_by("created_at", Order::Desc)
        .order_by("id", Order::Desc)
        .limit(50);
    Ok(tx.rows(&select).await?)
}
