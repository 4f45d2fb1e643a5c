//! Runs of a workspace: read, cancelled, compared.

use kontor_core::{actor::Actor, caller::Caller, error::Problem, grants::Permission, time::Timestamp};
use kontor_store::AuditEntry;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    Error, Evaluations, Origin, RunState,
    rows::{
        runs::{self as rows, Ended, ReportRow, RunFigures, RunRow, Wanted},
        trials::{self, TrialRow},
    },
};
use crate::{
    report::{CaseResult, Report, compare},
    run::{ModelChoice, Skipped, TrialRecord},
    stats::Summary,
};

/// Runs of a page, at most.
const LISTED: u32 = 100;
/// Trials of a page, at most.
const TRIALS: u32 = 500;
const BUILTIN: &str = "builtin";

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunProgress {
    /// Trials in all.
    pub total: i64,
    /// Trials that have ended.
    pub done: i64,
    /// Those of them that passed.
    pub passed: i64,
}

/// A run as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunSummary {
    pub id: Uuid,
    pub dataset: String,
    /// Null where the run was made outside the workspace.
    pub dataset_version: Option<i64>,
    pub dataset_digest: String,
    pub agent: String,
    pub agent_version: Option<i64>,
    /// The version of the prompt that was tried; null where it is none of the agent's.
    pub prompt_version: Option<i64>,
    pub label: Option<String>,
    /// Of the prompt, the settings, the operations, the role and the policy that were tried.
    pub subject: Option<String>,
    /// The id of the model that was asked for; `as_written` for those of the cases.
    pub model: Option<String>,
    /// The models that answered.
    pub models: Vec<String>,
    pub trials: u32,
    pub concurrency: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub tags: Vec<String>,
    pub state: RunState,
    /// Whether every trial was run and judged, and passed; null before the end.
    pub passed: Option<bool>,
    pub progress: RunProgress,
    /// What it came to; null before the end.
    pub figures: Option<RunFigures>,
    /// Why it failed.
    pub problem: Option<Problem>,
    pub origin: Origin,
    pub created_by: Actor,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// A run with what it came to.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunView {
    #[serde(flatten)]
    pub run: RunSummary,
    /// The prompt that was tried.
    pub prompt: Option<String>,
    /// Where builtin or the scripted model answered, which say nothing of quality.
    pub remark: Option<String>,
    /// What all trials come to; null before the end.
    pub summary: Option<Summary>,
    /// By case, in the order of the dataset.
    pub cases: Vec<CaseResult>,
    /// By tag.
    pub tag_summaries: std::collections::BTreeMap<String, Summary>,
    /// Cases that pass sometimes.
    pub flaky: Vec<String>,
    /// Cases that are written for other models; they are in no number.
    pub skipped: Vec<Skipped>,
}

/// Which runs are wanted.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    pub dataset: Option<String>,
    pub agent: Option<String>,
    pub state: Option<RunState>,
    pub limit: u32,
    pub after: Option<String>,
}

/// A page of runs, the latest first.
#[derive(Debug, Clone)]
pub struct RunPage {
    pub runs: Vec<RunSummary>,
    /// What to give as `after` for the next page.
    pub next: Option<String>,
}

/// Which trials are wanted.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    pub case: Option<String>,
    /// Those that passed, or those that did not.
    pub passed: Option<bool>,
    pub after: i64,
    pub limit: u32,
}

/// A trial of a run with all that was said and done.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StoredTrial {
    /// From 1, as they ended.
    pub number: i64,
    pub passed: bool,
    /// The product of the parts; null where it could not be judged.
    pub score: Option<f64>,
    pub ended_at: Timestamp,
    #[serde(flatten)]
    pub record: TrialRecord,
}

/// Two runs beside each other.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunComparison {
    pub a: RunSummary,
    pub b: RunSummary,
    #[serde(flatten)]
    pub comparison: compare::Comparison,
}

impl RunSummary {
    pub(super) fn of(row: RunRow) -> Self {
        let passed = row.state.has_ended().then(|| {
            row.state == RunState::Completed && row.done == row.planned && row.passed == row.planned
        });
        Self {
            id: row.id,
            dataset: row.dataset,
            dataset_version: row.dataset_version,
            dataset_digest: row.dataset_digest,
            agent: row.agent,
            agent_version: row.agent_version,
            prompt_version: row.prompt_version,
            label: row.label,
            subject: row.subject,
            model: row.model.or(match row.choice {
                ModelChoice::Named(id) => Some(id),
                ModelChoice::AsWritten | ModelChoice::Own => None,
            }),
            models: row.models,
            trials: row.trials,
            concurrency: row.concurrency,
            tags: row.tags,
            state: row.state,
            passed,
            progress: RunProgress { total: row.planned, done: row.done, passed: row.passed },
            figures: row.figures,
            problem: row.problem,
            origin: row.origin,
            created_by: row.made_by,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
        }
    }
}

impl RunView {
    pub(super) fn new(row: RunRow, found: Option<ReportRow>) -> Self {
        let (prompt, report) = found.map(|found| (found.prompt, found.report)).unzip();
        let report: Option<Report> = report.flatten();
        let run = RunSummary::of(row);
        let Some(report) = report else {
            return Self {
                run,
                prompt,
                remark: None,
                summary: None,
                cases: Vec::new(),
                tag_summaries: Default::default(),
                flaky: Vec::new(),
                skipped: Vec::new(),
            };
        };
        Self {
            run,
            prompt,
            remark: report.remark,
            flaky: report.totals.flaky.clone(),
            summary: Some(report.totals),
            cases: report.cases,
            tag_summaries: report.tags,
            skipped: report.skipped,
        }
    }
}

impl StoredTrial {
    fn of(row: TrialRow) -> Self {
        let score = row.record.grade.as_ref().and_then(|grade| grade.score);
        Self { number: row.number, passed: row.passed, score, ended_at: row.ended_at, record: row.record }
    }
}

impl Evaluations {
    /// The workspace's runs, the latest first.
    ///
    /// # Errors
    /// Without the permission `evaluations`; [`Error::Invalid`] where the cursor is none.
    pub async fn runs(&self, caller: &Caller, query: RunQuery) -> Result<RunPage, Error> {
        caller.require(Permission::Evaluations)?;
        let limit = query.limit.clamp(1, LISTED);
        let RunQuery { dataset, agent, state, after, .. } = query;
        let after = after.as_deref().map(read_cursor).transpose()?;
        let wanted = Wanted { dataset, agent, state, after, limit: u64::from(limit) + 1 };
        let namespace = self.namespace(caller.workspace).await?;
        let mut found: Vec<RunRow> =
            namespace.read(wanted, |tx, wanted| Box::pin(rows::list(tx, wanted))).await?;
        let has_more = found.len() > limit as usize;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| has_more);
        let next = next.map(|row| format!("{}_{}", row.created_at.micros(), row.id));
        Ok(RunPage { runs: found.into_iter().map(RunSummary::of).collect(), next })
    }

    /// One of them, with what it came to.
    ///
    /// # Errors
    /// Without the permission `evaluations`; [`Error::RunNotFound`].
    pub async fn run(&self, caller: &Caller, run: Uuid) -> Result<RunView, Error> {
        let (row, report) = self.stored(caller, run).await?;
        Ok(RunView::new(row, Some(report)))
    }

    /// Trials of a run that have ended, in the order in which they did, with all that was said and done.
    ///
    /// # Errors
    /// As [`Evaluations::run`].
    pub async fn trials(
        &self,
        caller: &Caller,
        run: Uuid,
        filter: CaseFilter,
    ) -> Result<(Vec<StoredTrial>, bool), Error> {
        let (row, _) = self.stored(caller, run).await?;
        let limit = u64::from(filter.limit.clamp(1, TRIALS));
        let namespace = self.namespace(caller.workspace).await?;
        let found: Vec<TrialRow> = namespace
            .read((row.id, filter), move |tx, (run, filter)| {
                Box::pin(async move { trials::matching(tx, *run, filter, limit + 1).await })
            })
            .await?;
        let has_more = found.len() as u64 > limit;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok((found.into_iter().take(page).map(StoredTrial::of).collect(), has_more))
    }

    /// Ends a run that has not ended.
    ///
    /// # Errors
    /// As [`Evaluations::run`]; [`Error::RunEnded`].
    pub async fn cancel_run(&self, caller: &Caller, run: Uuid) -> Result<RunView, Error> {
        caller.require(Permission::Evaluations)?;
        let (environment, actor) = (self.0.environment.clone(), caller.actor());
        let namespace = self.namespace(caller.workspace).await?;
        let cancelled = namespace
            .write((environment, actor, run), |tx, (environment, actor, run)| {
                Box::pin(async move {
                    let now = environment.now();
                    let row = rows::find(tx, *run).await?.ok_or(Error::RunNotFound(*run))?;
                    let ended = Ended {
                        state: RunState::Cancelled,
                        problem: None,
                        models: row.models,
                        report: None,
                        at: now,
                    };
                    if !rows::end(tx, *run, &ended).await? {
                        return Err(Error::RunEnded(row.state));
                    }
                    let details = json!({"before": row.state.word(), "after": RunState::Cancelled.word()});
                    let entry = AuditEntry::new("evaluation.cancelled", format!("evaluation:{run}"), details);
                    tx.audit(environment, now, actor, entry).await?;
                    rows::find(tx, *run).await?.ok_or(Error::RunNotFound(*run))
                })
            })
            .await?;
        Ok(RunView::new(cancelled, None))
    }

    /// What is different between two runs: `a` before, `b` after.
    ///
    /// # Errors
    /// As [`Evaluations::run`]; [`Error::RunOpen`]; [`Error::PromptsNotRead`].
    pub async fn compare(&self, caller: &Caller, a: Uuid, b: Uuid) -> Result<RunComparison, Error> {
        let ((first, before), (second, after)) =
            (self.stored(caller, a).await?, self.stored(caller, b).await?);
        let is_builtin = |row: &RunRow| row.models.iter().any(|model| model == BUILTIN);
        if before.prompt != after.prompt && (is_builtin(&first) || is_builtin(&second)) {
            return Err(Error::PromptsNotRead);
        }
        let (before, after) =
            (before.report.ok_or(Error::RunOpen(a))?, after.report.ok_or(Error::RunOpen(b))?);
        let comparison = compare::compare(&before, &after);
        Ok(RunComparison { a: RunSummary::of(first), b: RunSummary::of(second), comparison })
    }

    pub(super) async fn stored(&self, caller: &Caller, run: Uuid) -> Result<(RunRow, ReportRow), Error> {
        caller.require(Permission::Evaluations)?;
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .read(run, |tx, &run| {
                Box::pin(async move {
                    let row = rows::find(tx, run).await?.ok_or(Error::RunNotFound(run))?;
                    let report = rows::report(tx, run).await?.ok_or(Error::RunNotFound(run))?;
                    Ok((row, report))
                })
            })
            .await
    }
}

fn read_cursor(text: &str) -> Result<(Timestamp, Uuid), Error> {
    let read = || {
        let (at, id) = text.split_once('_')?;
        Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
    };
    read().ok_or_else(|| Error::invalid("after", "invalid_cursor", "The cursor is not valid for this list."))
}
