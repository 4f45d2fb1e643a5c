use std::{sync::Arc, time::Duration};

use futures::{StreamExt, future::BoxFuture, stream};
use kontor_core::{
    environment::Environment,
    error::{Chain, Fault, Problem},
    ids::TurnId,
    json::JsonText,
    operation, text,
    time::Timestamp,
    turn::{AskedAgent, CallPlace, ToolOutcome},
};
use kontor_models::surface::{DESCRIBE, READ_MORE};
use kontor_operations::{self as operations, InTransaction, Journal, Outcome, Work, outside};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::Run;
use crate::{
    error::Error,
    log,
    machine::{self, Call, Input, Ran},
    rows::{
        events,
        sessions::{AfterAppend, Lease},
    },
    stored::{Draft, LoggedEvent},
};

/// The journal of a turn's calls: the session's log. What was appended before a call, its result and the renewal of
/// the lease are one commit with its effect or its outcome.
#[derive(Clone)]
struct TurnJournal(Arc<Entry>);

struct Entry {
    environment: Environment,
    /// Bytes of a result that are kept.
    kept: usize,
    turn: TurnId,
    step: u32,
    /// Whose call it is, where that is an agent that another asked.
    asked_for: Option<(CallPlace, Arc<AskedAgent>)>,
    call: Call,
    lease: Lease,
    /// How long the lease lasts from each commit on.
    lasts: Duration,
    before: Vec<Draft>,
    started: Timestamp,
}

impl Entry {
    async fn append(&self, work: &mut Work<'_, '_>, outcome: &Outcome) -> Result<Vec<LoggedEvent>, Error> {
        let outcome = bounded(outcome, self.kept);
        let took = milliseconds(self.environment.now().since(self.started));
        let mut event = self.call.result(self.turn, self.step, outcome, took);
        if let Some((of, agent)) = &self.asked_for {
            event = event.in_part_of(*of, agent);
        }
        let mut drafts = self.before.clone();
        drafts.push(Draft::new(event)?);
        log::append_leased(work.tx, &self.renewed(work.now), AfterAppend::Renewed, &drafts, work.now).await
    }

    /// The lease as it is after being renewed now: a call outside may take longer than it lasts.
    fn renewed(&self, now: Timestamp) -> Lease {
        Lease { until: now.plus(self.lasts), ..self.lease }
    }

    /// A result that is there already was written by whoever took the turn over.
    async fn refuse_second(&self, work: &mut Work<'_, '_>) -> Result<(), Error> {
        if events::has_result(work.tx, self.turn.as_uuid(), self.step, self.call.index).await? {
            Err(Error::LeaseLost)
        } else {
            Ok(())
        }
    }
}

impl Journal for TurnJournal {
    type Receipt = Vec<LoggedEvent>;
    type Error = Error;

    fn outside_key(&self, _: &operations::Call, _: &Environment) -> outside::Key {
        let Entry { turn, step, call, .. } = &*self.0;
        let text = format!("turn/{turn}/{step}/{}", call.index);
        // The turn cannot go on without it, and its lease keeps others away.
        outside::Key { text, waits: true }
    }

    fn begin<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        _: &'w Arc<dyn InTransaction>,
    ) -> BoxFuture<'w, Result<Option<Outcome>, Error>> {
        Box::pin(async move { self.0.refuse_second(work).await.map(|()| None) })
    }

    fn end<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        outcome: &'w Outcome,
    ) -> BoxFuture<'w, Result<Vec<LoggedEvent>, Error>> {
        Box::pin(self.0.append(work, outcome))
    }

    fn begin_outside<'w>(&'w self, work: &'w mut Work<'_, '_>) -> BoxFuture<'w, Result<(), Error>> {
        Box::pin(async move {
            self.0.refuse_second(work).await?;
            let lease = self.0.renewed(work.now);
            log::append_leased(work.tx, &lease, AfterAppend::Renewed, &[], work.now).await.map(drop)
        })
    }

    fn end_outside<'w>(
        &'w self,
        work: &'w mut Work<'_, '_>,
        outcome: &'w Outcome,
    ) -> BoxFuture<'w, Result<Vec<LoggedEvent>, Error>> {
        Box::pin(self.0.append(work, outcome))
    }
}

impl Run<'_> {
    /// Runs calls that only read side by side, each in its own unit.
    pub(super) async fn run_reads(&self, indexes: &[u32]) -> Result<Input, Error> {
        let mut runs: Vec<BoxFuture<'_, Ran>> = Vec::with_capacity(indexes.len());
        for call in indexes.iter().filter_map(|index| self.state.call(*index)) {
            runs.push(Box::pin(self.read(call)));
        }
        let at_once = self.agents.0.settings.limits.parallel_reads.max(1);
        Ok(Input::Ran(stream::iter(runs).buffered(at_once).collect().await))
    }

    async fn read(&self, call: &Call) -> Ran {
        let started = self.now();
        let outcome = match call.operation.as_str() {
            READ_MORE => self.read_more(call).await,
            _ => self.looked_up(call, self.page.room()).await,
        };
        let outcome = match outcome {
            Ok(outcome) => bounded(&outcome, self.agents.0.settings.limits.kept_result_bytes),
            Err(error) => failure(error.problem()),
        };
        Ran { index: call.index, outcome, duration_ms: self.since(started) }
    }

    /// What a call that only reads answers now in so many bytes.
    pub(super) async fn looked_up(&self, call: &Call, room: usize) -> Result<Outcome, Error> {
        if call.operation == DESCRIBE {
            let described = self.prepare().await?.surface.describe(&call.arguments);
            return Ok(described.map_or_else(Outcome::Failed, Outcome::Succeeded));
        }
        let journal = self.journal(call, Vec::new(), self.now());
        let executed = self.agents.0.operations.execute_with(self.wanted(call, room).await?, journal);
        Ok(executed.await?.outcome)
    }

    /// Runs a call that writes or reaches outside. An effect that fails is undone alone, and its failure is what is
    /// committed.
    pub(super) async fn run_alone(&mut self, index: u32) -> Result<Input, Error> {
        let Some(call) = self.state.call(index).cloned() else { return Ok(Input::Ran(Vec::new())) };
        let started = self.now();
        let wanted = match self.wanted(&call, self.page.room()).await {
            Ok(wanted) => wanted,
            Err(error) => return Ok(self.ran(index, failure(error.problem()), started)),
        };
        let journal = self.journal(&call, self.drafts_of(self.pending.clone())?, started);
        let executing = self.agents.0.operations.execute_with(wanted, journal);
        let executed = match self.keeping_the_lease(executing).await {
            Ok(executed) => executed,
            // What came of it could not be stored: it may have had its effect.
            Err(Error::Store(error)) if call.effect == Some(operation::Effect::External) => {
                tracing::error!(operation = call.operation, error = %Chain(&error), "a call outside could not be recorded");
                return Ok(self.ran(index, ToolOutcome::Unknown, started));
            }
            // The transaction as a whole was refused: the call had no effect, and the model is told.
            Err(Error::Store(error)) if !error.problem().kind.is_transient() => {
                tracing::error!(operation = call.operation, error = %Chain(&error), "an operation could not be committed");
                return Ok(self.ran(index, failure(error.problem()), started));
            }
            Err(error) => return Err(error),
        };
        let Some(logged) = executed.receipt else {
            let outcome = bounded(&executed.outcome, self.agents.0.settings.limits.kept_result_bytes);
            return Ok(self.ran(index, outcome, started));
        };
        self.pending.clear();
        self.committed(&logged);
        match logged.last() {
            Some(result) => Ok(Input::Wrote((*result.event).clone())),
            None => Err(Error::LeaseLost),
        }
    }

    /// Waits for a call, which may take longer than the lease lasts.
    pub(super) async fn keeping_the_lease<T>(
        &self,
        executing: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let every = self.agents.0.settings.renew_every;
        tokio::pin! {
            let executing = executing;
            let renewal = sleep_until(Instant::now() + every);
        }
        loop {
            tokio::select! {
                biased;
                executed = &mut executing => return executed,
                () = &mut renewal => {
                    match self.renew().await {
                        Err(Error::LeaseLost) => return Err(Error::LeaseLost),
                        Err(error) => tracing::warn!(error = %Chain(&error), "a turn's lease could not be renewed"),
                        Ok(()) => {}
                    }
                    renewal.as_mut().reset(Instant::now() + every);
                }
            }
        }
    }

    /// The call as the agent may make it now, which may be less than when the model wanted it.
    async fn wanted(&self, call: &Call, room: usize) -> Result<operations::Call, Error> {
        let prepared = self.prepare().await?;
        prepared.allows(&call.operation).map_err(operations::Error::Refused)?;
        Ok(operations::Call {
            caller: prepared.caller.clone(),
            operation: call.operation.clone(),
            arguments: call.arguments.clone(),
            consent: machine::consent(&self.state, call),
            room,
        })
    }

    fn journal(&self, call: &Call, before: Vec<Draft>, started: Timestamp) -> TurnJournal {
        let service = &self.agents.0;
        TurnJournal(Arc::new(Entry {
            environment: service.environment.clone(),
            kept: service.settings.limits.kept_result_bytes,
            turn: self.turn,
            step: self.state.step_number(),
            asked_for: self.state.asked_for(self.state.step_number()),
            call: call.clone(),
            lease: self.lease,
            lasts: service.settings.lease,
            before,
            started,
        }))
    }

    fn ran(&self, index: u32, outcome: ToolOutcome, started: Timestamp) -> Input {
        Input::Ran(vec![Ran { index, outcome, duration_ms: self.since(started) }])
    }

    fn now(&self) -> Timestamp {
        self.agents.0.environment.now()
    }

    fn since(&self, started: Timestamp) -> u64 {
        milliseconds(self.now().since(started))
    }
}

fn failure(problem: Problem) -> ToolOutcome {
    ToolOutcome::Failed { problem }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An outcome as it is kept. Operations bound their results themselves; one that does not is cut.
fn bounded(outcome: &Outcome, limit: usize) -> ToolOutcome {
    let result = match outcome {
        Outcome::Succeeded(result) => result,
        Outcome::Failed(problem) => return failure(problem.clone()),
        Outcome::Unknown => return ToolOutcome::Unknown,
    };
    let written = JsonText::new(result).and_then(|written| {
        if written.as_str().len() <= limit {
            return Ok(written);
        }
        let cut = text::excerpt(written.as_str(), limit / 4);
        JsonText::new(&json!({
            "truncated": true, "note": "The result was too long to be kept. Ask for less.", "beginning": cut,
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
