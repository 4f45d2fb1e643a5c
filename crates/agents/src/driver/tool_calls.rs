use std::sync::Arc;

use futures::{StreamExt, future::BoxFuture, stream};
use kontor_core::{
    error::{Chain, ErrorKind, Fault, Problem},
    json::JsonText,
    operation::{self, Operation},
    text,
    time::Timestamp,
    turn::ToolOutcome,
};
use kontor_crm::{Work, WorkFamily};
use kontor_store::Tx;
use serde_json::{Value, json};

use super::{Run, prepare::Prepared};
use crate::{
    error::Error,
    log::{self, Draft},
    machine::{Call, Input, Ran},
    rows::{events, sessions::Keep, turns},
};

/// A call that was checked and can run: everything a unit of work needs, to be run as often as it takes.
#[derive(Clone)]
struct Task {
    operation: Arc<dyn Operation<WorkFamily>>,
    arguments: Value,
    prepared: Arc<Prepared>,
    environment: kontor_core::environment::Environment,
    now: Timestamp,
}

impl Task {
    async fn run(&self, tx: &mut Tx<'_>) -> Result<Value, Problem> {
        let mut work = Work {
            tx,
            caller: &self.prepared.caller,
            schema: &self.prepared.schema,
            environment: &self.environment,
            now: self.now,
        };
        self.operation.run(&mut work, self.arguments.clone()).await
    }
}

/// Why an operation did not succeed within a transaction that goes on.
enum Undone {
    Problem(Problem),
    Store(kontor_store::Error),
}

impl From<kontor_store::Error> for Undone {
    fn from(error: kontor_store::Error) -> Self {
        Self::Store(error)
    }
}

impl Run<'_> {
    /// Runs calls that only read side by side, each in its own unit.
    pub(super) async fn run_reads(&self, indexes: &[u32]) -> Result<Input, Error> {
        let prepared = self.prepare().await;
        let mut runs: Vec<BoxFuture<'_, Ran>> = Vec::with_capacity(indexes.len());
        for call in indexes.iter().filter_map(|index| self.state.call(*index)) {
            let prepared = prepared.as_ref();
            runs.push(Box::pin(async move {
                let started = self.now();
                let outcome = match prepared {
                    Ok(prepared) => self.read(call, prepared).await,
                    Err(error) => failure(error.problem()),
                };
                Ran { index: call.index, outcome, duration_ms: self.since(started) }
            }));
        }
        let at_once = self.agents.0.settings.limits.parallel_reads.max(1);
        Ok(Input::Ran(stream::iter(runs).buffered(at_once).collect().await))
    }

    async fn read(&self, call: &Call, prepared: &Arc<Prepared>) -> ToolOutcome {
        let task = match self.task(call, prepared) {
            Ok(task) => task,
            Err(problem) => return failure(problem),
        };
        let result = self
            .namespace
            .read(move |tx| {
                let task = task.clone();
                Box::pin(async move { Ok::<_, Error>(task.run(tx).await) })
            })
            .await;
        match result {
            Ok(Ok(result)) => self.success(&result),
            Ok(Err(problem)) => failure(problem),
            Err(error) => failure(error.problem()),
        }
    }

    /// Runs a call that writes: its effect, its traces, its result and the renewal of the lease are one
    /// commit. An effect that fails is undone alone, and its failure is what is committed.
    pub(super) async fn run_write(&mut self, index: u32) -> Result<Input, Error> {
        let Some(call) = self.state.call(index).cloned() else { return Ok(Input::Ran(Vec::new())) };
        let started = self.now();
        let ran = |outcome, duration_ms| Ok(Input::Ran(vec![Ran { index, outcome, duration_ms }]));
        let task = match self.prepare().await.map(|prepared| self.task(&call, &prepared)) {
            Ok(Ok(task)) => task,
            Ok(Err(problem)) => return ran(failure(problem), self.since(started)),
            Err(error) => return ran(failure(error.problem()), self.since(started)),
        };
        let lease = self.renewed(started);
        let before: Arc<[Draft]> = Draft::all(std::mem::take(&mut self.pending))?.into();
        let (state, agents) = (Arc::new(self.state.clone()), self.agents.clone());
        let (turn, step) = (self.turn, self.state.step_number());
        let written = self
            .namespace
            .write(move |tx| {
                let (task, state, agents) = (task.clone(), state.clone(), agents.clone());
                let mut drafts = before.to_vec();
                Box::pin(async move {
                    if events::has_result(tx, turn.as_uuid(), step, index).await? {
                        return Err(Error::LeaseLost);
                    }
                    let done = tx
                        .savepoint(|tx| Box::pin(async move { task.run(tx).await.map_err(Undone::Problem) }))
                        .await;
                    let outcome = match done {
                        Ok(result) => bounded(&result, agents.0.settings.limits.result_bytes),
                        Err(Undone::Problem(problem)) => failure(problem),
                        Err(Undone::Store(error)) => return Err(error.into()),
                    };
                    let took = milliseconds(agents.0.environment.now().since(started));
                    let event = state.result(index, outcome, took).ok_or(Error::LeaseLost)?;
                    drafts.push(Draft::new(event)?);
                    let logged = log::append_leased(tx, &lease, Keep::Renewed, &drafts, started).await?;
                    Ok(logged)
                })
            })
            .await;
        match written {
            Ok(logged) => {
                self.committed(&logged);
                match logged.last() {
                    Some(result) => Ok(Input::Wrote((*result.event).clone())),
                    None => Err(Error::LeaseLost),
                }
            }
            // The transaction as a whole was refused: the call had no effect, and the model is told.
            Err(Error::Store(error)) if !error.problem().kind.is_transient() => {
                tracing::error!(operation = call.operation, error = %Chain(&error), "an operation could not be committed");
                ran(failure(error.problem()), self.since(started))
            }
            Err(error) => Err(error),
        }
    }

    /// Runs a call whose effect is outside, at most once: its intent is durable before it begins, and what
    /// comes of it after; a crash between the two is told as unknown.
    pub(super) async fn run_external(&mut self, index: u32) -> Result<Input, Error> {
        let Some(call) = self.state.call(index).cloned() else { return Ok(Input::Ran(Vec::new())) };
        let started = self.now();
        let task = match self.prepare().await.map(|prepared| self.task(&call, &prepared)) {
            Ok(Ok(task)) => task,
            Ok(Err(problem)) => return Ok(ran_one(index, failure(problem), self.since(started))),
            Err(error) => return Ok(ran_one(index, failure(error.problem()), self.since(started))),
        };
        self.intend((self.state.step_number(), index)).await?;
        let result = self
            .namespace
            .write(move |tx| {
                let task = task.clone();
                Box::pin(async move { Ok::<_, Error>(task.run(tx).await) })
            })
            .await;
        let outcome = match result {
            Ok(Ok(result)) => self.success(&result),
            Ok(Err(problem)) => failure(problem),
            Err(_) => ToolOutcome::Unknown,
        };
        Ok(ran_one(index, outcome, self.since(started)))
    }

    async fn intend(&self, intent: (u32, u32)) -> Result<(), Error> {
        let now = self.now();
        let (lease, turn) = (self.renewed(now), self.turn);
        self.namespace
            .write(move |tx| {
                Box::pin(async move {
                    log::append_leased(tx, &lease, Keep::Renewed, &[], now).await?;
                    turns::set_intent(tx, turn, intent).await
                })
            })
            .await
    }

    /// Checks a call against what the caller may do now, which may be less than when the model wanted it.
    fn task(&self, call: &Call, prepared: &Arc<Prepared>) -> Result<Task, Problem> {
        let operation = prepared.check(&call.operation, &call.arguments)?;
        let effect = operation.definition().effect;
        let approved = call.approval.as_ref().and_then(|approval| approval.answer.as_ref());
        if effect == operation::Effect::Destructive && !approved.is_some_and(|answer| answer.approved) {
            return Err(Problem::new(
                ErrorKind::Conflict,
                "approval_required",
                "This call needs the member's approval by now. Call it again.",
            ));
        }
        Ok(Task {
            operation,
            arguments: call.arguments.clone(),
            prepared: prepared.clone(),
            environment: self.agents.0.environment.clone(),
            now: self.now(),
        })
    }

    fn success(&self, result: &Value) -> ToolOutcome {
        bounded(result, self.agents.0.settings.limits.result_bytes)
    }

    fn now(&self) -> Timestamp {
        self.agents.0.environment.now()
    }

    fn since(&self, started: Timestamp) -> u64 {
        milliseconds(self.now().since(started))
    }
}

fn ran_one(index: u32, outcome: ToolOutcome, duration_ms: u64) -> Input {
    Input::Ran(vec![Ran { index, outcome, duration_ms }])
}

fn failure(problem: Problem) -> ToolOutcome {
    ToolOutcome::Failed { problem }
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A result the model can be given. Operations bound their results themselves; one that does not is cut.
fn bounded(result: &Value, limit: usize) -> ToolOutcome {
    let written = JsonText::new(result).and_then(|written| {
        if written.as_str().len() <= limit {
            return Ok(written);
        }
        let cut = text::excerpt(written.as_str(), limit / 4);
        JsonText::new(&json!({
            "truncated": true, "note": "The result was too long. Ask for less.", "beginning": cut,
        }))
    });
    match written {
        Ok(result) => ToolOutcome::Succeeded { result },
        Err(error) => {
            tracing::error!(%error, "a result could not be written");
            failure(Problem::internal())
        }
    }
}
