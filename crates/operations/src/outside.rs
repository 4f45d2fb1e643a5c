//! Calls that reach outside, each at most once under its key.
//!
//! That a call begins is committed before it begins, and what came of it after. A call that was begun and of which no
//! outcome is stored was cut off, unless somebody is at it still; what is to be done then is a rule of its operation.

mod rows;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kontor_core::{
    error::{ErrorKind, Fault as _, Problem},
    ids::WorkspaceId,
    time::Timestamp,
};
use kontor_store::{BoxFuture, Namespace, Tx};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    Call, Executed, Journal, LookedUp, Outcome, Outside, OutsideCall, WhenUnknown,
    execute::{Context, refused},
};

/// How long one attempt may take. What has not answered by then may have had its effect.
pub const MAX_TIME: Duration = Duration::from_secs(60);
/// How often it is looked whether a call has come to its end.
const FLIGHT_POLL: Duration = Duration::from_millis(50);
/// How many calls of a workspace this process makes at one time.
const MOST_AT_ONCE: usize = 64;
/// How far the clocks of two nodes may differ.
const CLOCKS: Duration = Duration::from_secs(5);

/// What tells a call from every other of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub text: String,
    /// Whether to wait while another node may be making the call; else it is refused.
    pub waits: bool,
}

/// What a node knows of the calls that it makes.
pub(crate) struct Outgoing {
    /// The node; no two processes are the same at a time.
    node: Uuid,
    /// The calls being made, by their keys. Another that this node began and did not end was cut off.
    in_flight: Mutex<HashMap<WorkspaceId, HashSet<String>>>,
    tracker: TaskTracker,
}

impl Outgoing {
    pub(crate) fn new(node: Uuid) -> Self {
        Self { node, in_flight: Mutex::default(), tracker: TaskTracker::new() }
    }

    /// Waits until no call is being made.
    pub(crate) async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Takes the call up, unless it is being made already or too many of the workspace are.
    fn enter(self: &Arc<Self>, workspace: WorkspaceId, key: &str) -> Result<Flight, Problem> {
        let mut in_flight = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = in_flight.entry(workspace).or_default();
        if keys.contains(key) {
            return Err(under_way());
        }
        if keys.len() >= MOST_AT_ONCE {
            return Err(too_many());
        }
        keys.insert(key.to_owned());
        Ok(Flight { outgoing: self.clone(), workspace, key: key.to_owned() })
    }
}

/// A call that is being made.
struct Flight {
    outgoing: Arc<Outgoing>,
    workspace: WorkspaceId,
    key: String,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut in_flight = self.outgoing.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = in_flight.get_mut(&self.workspace) {
            keys.remove(&self.key);
            if keys.is_empty() {
                in_flight.remove(&self.workspace);
            }
        }
    }
}

/// What is known of a call when it is begun.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Begun {
    Started(Started),
    /// Another attempt may be under way until then.
    UnderWay(Timestamp),
    Ended(Outcome),
    /// It ended, and what came of it is not told again: the caller's grants have changed.
    Withheld,
    /// The key was used for another call.
    Other,
}

/// An attempt that is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Started {
    /// From 1. By it an attempt that ends late is told from the one after it.
    pub(crate) number: i64,
    pub(crate) begun_at: Timestamp,
    /// Whether one before it was cut off, so that nobody knows whether it had its effect.
    pub(crate) is_again: bool,
}

/// That nobody knows what came of a call.
pub(crate) fn unknown() -> Problem {
    Problem::new(
        ErrorKind::Conflict,
        "outcome_unknown",
        "Whether this happened is not known. Look before you do it again.",
    )
}

/// Says of calls that were begun before an instant and never ended that nobody knows what came of them. Whoever makes
/// one again under its key finds it so.
pub fn give_up<'t>(tx: &'t mut Tx<'_>, before: Timestamp) -> BoxFuture<'t, Result<u64, kontor_store::Error>> {
    Box::pin(rows::give_up(tx, before))
}

/// Removes calls that ended before an instant. Under its key one of them would be made again.
pub fn prune<'t>(tx: &'t mut Tx<'_>, before: Timestamp) -> BoxFuture<'t, Result<u64, kontor_store::Error>> {
    Box::pin(rows::prune(tx, before))
}

/// Makes a call with no transaction open. It runs to its end even when the caller stops waiting.
pub(crate) async fn execute<J: Journal>(
    context: Context,
    namespace: Namespace,
    operation: Arc<dyn Outside>,
    call: Arc<Call>,
    journal: J,
) -> Result<Executed<J::Receipt>, J::Error> {
    let key = journal.outside_key(&call, &context.environment);
    let flight = loop {
        match context.outgoing.enter(call.caller.workspace, &key.text) {
            Ok(flight) => break flight,
            // An attempt that nobody waits for any more goes on here; what came of it is found then.
            Err(_) if key.waits => sleep(FLIGHT_POLL).await,
            Err(problem) => return Ok(refused(problem)),
        }
    };
    let tracker = context.outgoing.tracker.clone();
    let attempt = Attempt { context, namespace, operation, call, journal, key };
    let running = tracker.spawn(async move {
        let executed = attempt.run().await;
        drop(flight);
        executed
    });
    // A task that panics, or is dropped with its runtime, leaves what is stored: that the call began.
    running.await.unwrap_or_else(|_| Ok(Executed { outcome: Outcome::Unknown, receipt: None }))
}

struct Attempt<J> {
    context: Context,
    namespace: Namespace,
    operation: Arc<dyn Outside>,
    call: Arc<Call>,
    journal: J,
    key: Key,
}

impl<J: Journal> Attempt<J> {
    async fn run(self) -> Result<Executed<J::Receipt>, J::Error> {
        let started = loop {
            match self.begin().await? {
                Begun::Started(started) => break started,
                // The node that began it is gone, as far as this one can tell, but what it sent may be on its way.
                Begun::UnderWay(until) if self.key.waits => {
                    let wait = until.since(self.context.environment.now());
                    sleep(wait.clamp(FLIGHT_POLL, MAX_TIME)).await;
                }
                Begun::UnderWay(_) => return Ok(refused(under_way())),
                Begun::Other => return Ok(refused(crate::Error::KeyReused.problem())),
                Begun::Withheld => return Ok(refused(crate::Error::AnswerWithheld.problem())),
                Begun::Ended(outcome) => return self.end(None, outcome).await,
            }
        };
        kontor_core::kill_point!("outside.begun");
        let outcome = self.attempt(started).await;
        kontor_core::kill_point!("outside.ran");
        let executed = self.end(Some(started.number), outcome).await?;
        kontor_core::kill_point!("outside.ended");
        Ok(executed)
    }

    /// Commits that the call begins.
    async fn begin(&self) -> Result<Begun, J::Error> {
        let operation = self.operation.definition().name.clone();
        let begun = self.namespace.write(
            (
                self.context.clone(),
                self.journal.clone(),
                rows::NewCall {
                    key: self.key.text.clone(),
                    node: self.context.outgoing.node,
                    operation,
                    arguments: self.call.arguments.clone(),
                    may_go_on: self.operation.when_unknown() != WhenUnknown::AskPerson,
                    is_request: !self.key.waits,
                },
            ),
            |tx, (context, journal, call)| {
                Box::pin(async move {
                    let mut work = context.work(tx);
                    journal.begin_outside(&mut work).await?;
                    Ok::<_, J::Error>(rows::begin(&mut work, call).await?)
                })
            },
        );
        begun.await
    }

    async fn attempt(&self, started: Started) -> Outcome {
        let Context { environment, caller, .. } = &self.context;
        let call = OutsideCall { caller, environment, key: &self.key.text };
        let arguments = &self.call.arguments;
        let effect = async {
            if started.is_again {
                match self.operation.when_unknown() {
                    WhenUnknown::Repeat => {}
                    WhenUnknown::AskPerson => return Outcome::Unknown,
                    WhenUnknown::LookUp => match self.operation.look_up(call, arguments).await {
                        LookedUp::Happened(outcome) => return outcome,
                        LookedUp::NeverHappened => {}
                        LookedUp::Unclear => return Outcome::Unknown,
                    },
                }
            }
            self.operation.run(call, arguments).await
        };
        // From its beginning as others read it, after which they may begin another.
        let left = started.begun_at.plus(MAX_TIME).since(environment.now());
        tokio::time::timeout(left, effect).await.unwrap_or(Outcome::Unknown)
    }

    /// Commits what came of the attempt of this number, where there was one, with the journal's part or, where that is
    /// refused, without.
    async fn end(&self, number: Option<i64>, outcome: Outcome) -> Result<Executed<J::Receipt>, J::Error> {
        let ended =
            Arc::new((self.context.clone(), self.journal.clone(), self.key.text.clone(), outcome.clone()));
        let together = self.namespace.write(ended.clone(), move |tx, ended| {
            Box::pin(async move {
                let (context, journal, key, outcome) = &**ended;
                let mut work = context.work(tx);
                if let Some(number) = number {
                    rows::end(&mut work, key, number, outcome).await?;
                }
                journal.end_outside(&mut work, outcome).await
            })
        });
        let error = match together.await {
            Ok(receipt) => return Ok(Executed { outcome, receipt: Some(receipt) }),
            Err(error) => error,
        };
        let Some(number) = number else { return Err(error) };
        let kept = self.namespace.write(ended, move |tx, ended| {
            Box::pin(async move {
                let (context, _, key, outcome) = &**ended;
                rows::end(&mut context.work(tx), key, number, outcome).await
            })
        });
        match kept.await {
            Ok(()) => Ok(Executed { outcome, receipt: None }),
            Err(lost) => {
                let why = kontor_core::error::Chain(&lost);
                tracing::error!(key = self.key.text, error = %why, "the outcome of a call outside could not be stored");
                Err(error)
            }
        }
    }
}

fn under_way() -> Problem {
    Problem::new(
        ErrorKind::Conflict,
        "call_under_way",
        "This call is being made at the moment. Ask again in a minute what came of it.",
    )
}

fn too_many() -> Problem {
    Problem::new(
        ErrorKind::Limited,
        "too_many_calls_outside",
        format!(
            "{MOST_AT_ONCE} calls that reach outside are being made already. Try again when some have ended."
        ),
    )
    .retry_after(Duration::from_secs(1))
}
