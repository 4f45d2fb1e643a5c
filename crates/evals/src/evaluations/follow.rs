//! A run followed while it is made.

use std::{collections::VecDeque, time::Duration};

use futures::{Stream, stream};
use kontor_core::caller::Caller;
use kontor_store::Namespace;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Error, Evaluations, RunState, RunSummary,
    rows::{
        runs::{self as rows, RunRow},
        trials::{self, TrialRow},
    },
};

/// How often it is looked for what has ended.
const LOOK: Duration = Duration::from_millis(300);
/// Trials that are read at once.
const READ: u64 = 100;

/// Something that happened in a run. Ids are counted from 1: a trial has its number, the end the one behind the last.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    pub id: i64,
    /// `trial.completed`, `run.completed`, `run.failed`, `run.cancelled`.
    pub name: &'static str,
    pub data: Json,
}

/// A run that is followed.
struct Following {
    namespace: Namespace,
    run: Uuid,
    after: i64,
    there: VecDeque<RunEvent>,
    has_ended: bool,
}

impl Evaluations {
    /// What happens in a run behind an event, to its end.
    ///
    /// # Errors
    /// As [`Evaluations::run`].
    pub async fn follow(
        &self,
        caller: &Caller,
        run: Uuid,
        after: i64,
    ) -> Result<impl Stream<Item = RunEvent> + Send + use<>, Error> {
        self.stored(caller, run).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let following = Following { namespace, run, after, there: VecDeque::new(), has_ended: false };
        Ok(stream::unfold(following, |mut following| async move {
            let event = following.next().await?;
            Some((event, following))
        }))
    }
}

impl Following {
    /// The next event; nothing behind the end, or where the run is gone.
    async fn next(&mut self) -> Option<RunEvent> {
        loop {
            if let Some(event) = self.there.pop_front() {
                self.after = event.id;
                return Some(event);
            }
            if self.has_ended {
                return None;
            }
            match self.look().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(LOOK).await,
                Err(error) => {
                    tracing::debug!(%error, run = %self.run, "a run can be followed no further");
                    return None;
                }
            }
        }
    }

    /// Looks for what has happened; whether anything has.
    async fn look(&mut self) -> Result<bool, Error> {
        let (run, after) = (self.run, self.after);
        let (row, ended): (RunRow, Vec<TrialRow>) = self
            .namespace
            .read((run, after), |tx, &(run, after)| {
                Box::pin(async move {
                    let row = rows::find(tx, run).await?.ok_or(Error::RunNotFound(run))?;
                    Ok::<_, Error>((row, trials::after(tx, run, after, READ).await?))
                })
            })
            .await?;
        let total = row.planned;
        self.there.extend(ended.into_iter().map(|trial| completed(trial, total)));
        let is_behind = after.max(self.there.back().map_or(0, |event| event.id));
        if row.state.has_ended() && is_behind >= row.done {
            self.has_ended = true;
            let id = row.done + 1;
            if after < id {
                self.there.push_back(end(id, row));
            }
        }
        Ok(!self.there.is_empty() || self.has_ended)
    }
}

fn completed(trial: TrialRow, total: i64) -> RunEvent {
    let TrialRow { run, number, passed, passed_so_far, record, .. } = trial;
    let score = record.grade.as_ref().and_then(|grade| grade.score);
    let data = json!({
        "run": run, "number": number, "dataset": record.key.dataset, "case": record.key.case,
        "attacked": record.key.attacked, "trial": record.key.trial, "passed": passed, "score": score,
        "not_run": record.not_run, "models": record.models,
        "progress": {"total": total, "done": number, "passed": passed_so_far},
    });
    RunEvent { id: number, name: "trial.completed", data }
}

fn end(id: i64, row: RunRow) -> RunEvent {
    let name = match row.state {
        RunState::Cancelled => "run.cancelled",
        RunState::Failed => "run.failed",
        RunState::Completed | RunState::Queued | RunState::Running => "run.completed",
    };
    RunEvent { id, name, data: json!(RunSummary::of(row)) }
}
