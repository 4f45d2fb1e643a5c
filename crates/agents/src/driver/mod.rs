//! The driver: performs what the machine decides.
//!
//! A session's turns run one after another under one lease. Whatever is appended checks the lease's epoch in
//! the same transaction, so that a driver that was overtaken writes nothing more and stops.

mod ask_agent;
mod choose;
mod commit;
mod give_up;
mod hand_over;
mod lease;
mod meter;
mod model_call;
mod needs;
mod prepare;
mod questions;
mod read_more;
mod route;
mod sent;
mod summary;
mod tool_calls;
mod window;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use kontor_core::{
    error::{Chain, ErrorKind, Fault, Problem},
    ids::{AgentId, MemberId, SessionId, TurnId, WorkspaceId},
    time::Timestamp,
    turn::{CallPlace, Sequence, TurnEvent},
};
use kontor_store::Namespace;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::{commit::Ending, give_up::GiveUp, route::Route};
pub(crate) use self::{
    lease::{LeaseTerms, Taken, Turn as TakenTurn, take_turn},
    meter::Spender,
    needs::{Needs, needs_of},
    prepare::{Preparations, offered, tools_in},
};
use crate::{
    engine::Agents,
    error::Error,
    history::{History, Reader},
    limits::Limits,
    machine::{self, Effect, End, Input, Page, Partial, State},
    rows::{
        self,
        sessions::{Lease, SessionRow},
    },
    running::Cancel,
    stored::SentText,
    stream::Handle,
};

/// Runs what a session has to run, until nothing is left: `first` before all, where it is taken up already.
pub(crate) async fn drive(
    agents: &Agents,
    workspace: WorkspaceId,
    session: SessionId,
    mut first: Option<Box<TakenTurn>>,
    stopping: &CancellationToken,
) {
    loop {
        let ran = match first.take() {
            Some(taken) => run_first(agents, workspace, taken, stopping).await,
            None => run_next(agents, workspace, session, stopping).await,
        };
        match ran {
            Ok(true) => continue,
            Ok(false) => {}
            Err(Error::Stopping) => tracing::info!(%session, "the turn goes on when the server is back"),
            Err(Error::LeaseLost) => tracing::warn!(%session, "the session was taken over by another worker"),
            // A sweep takes the turn up again; its deadline bounds how often.
            Err(error) => {
                tracing::error!(%session, error = %Chain(&error), "a turn could not go on")
            }
        }
        if agents.0.running.leave(session) || stopping.is_cancelled() {
            return;
        }
    }
}

/// Whether there may be more to run.
async fn run_next(
    agents: &Agents,
    workspace: WorkspaceId,
    session: SessionId,
    stopping: &CancellationToken,
) -> Result<bool, Error> {
    if stopping.is_cancelled() {
        return Ok(false);
    }
    let namespace = agents.namespace(workspace).await?;
    let handle = agents.0.hub.open(workspace, session);
    match lease::take(agents, &namespace, session).await? {
        Taken::Nothing => Ok(false),
        Taken::Cancelled(logged) => {
            handle.publish(&logged);
            Ok(true)
        }
        Taken::Turn(taken) => run_taken(agents, workspace, namespace, handle, taken, stopping).await,
    }
}

async fn run_first(
    agents: &Agents,
    workspace: WorkspaceId,
    taken: Box<TakenTurn>,
    stopping: &CancellationToken,
) -> Result<bool, Error> {
    let namespace = agents.namespace(workspace).await?;
    let handle = agents.0.hub.open(workspace, taken.session.id);
    run_taken(agents, workspace, namespace, handle, taken, stopping).await
}

/// Runs a turn that is taken up, or ends it where it cannot go on.
async fn run_taken(
    agents: &Agents,
    workspace: WorkspaceId,
    namespace: Namespace,
    handle: Handle,
    taken: Box<TakenTurn>,
    stopping: &CancellationToken,
) -> Result<bool, Error> {
    kontor_core::kill_point!("turn.taken");
    handle.publish(&taken.logged);
    let session = taken.session.id;
    let give_up = GiveUp::new(agents, workspace, &namespace, &taken);
    if give_up.is_too_late() && !taken.is_fresh {
        return give_up.end(too_long(&agents.0.settings.limits)).await;
    }
    match run_to_end(agents, workspace, namespace, handle, *taken, stopping).await {
        Err(error) if give_up.is_due(&error) => {
            tracing::error!(%session, %error, source = ?std::error::Error::source(&error), "a turn cannot go on and is ended");
            give_up.end(error.problem()).await
        }
        result => result,
    }
}

async fn run_to_end(
    agents: &Agents,
    workspace: WorkspaceId,
    namespace: Namespace,
    handle: Handle,
    taken: TakenTurn,
    stopping: &CancellationToken,
) -> Result<bool, Error> {
    let mut run = Run::begin(agents, workspace, namespace, handle, taken, stopping).await?;
    let result = run.run().await;
    run.handle.discard_partial();
    if let Err(Error::Stopping) = &result {
        run.release().await?;
    }
    result
}

/// A turn that runs.
struct Run<'a> {
    agents: &'a Agents,
    workspace: WorkspaceId,
    namespace: Namespace,
    handle: Handle,
    session: SessionRow,
    turn: TurnId,
    /// Whose turn it is; until one is chosen, the one that it would be.
    agent: AgentId,
    /// Whom the agent acts for.
    member: MemberId,
    /// The same, where that is another than the session's member.
    by: Option<MemberId>,
    /// What the member let the software do that began the turn.
    delegation: Option<Uuid>,
    lease: Lease,
    last_seq: Sequence,
    deadline: Timestamp,
    /// Since when agents that were asked have had their time.
    engaged_at: HashMap<CallPlace, Timestamp>,
    /// The version of the agent that has the turn.
    agent_version: Option<i64>,
    /// The installation's, with what is less in that version.
    limits: Limits,
    state: State,
    /// Which models were asked for the step.
    route: Route,
    first: Option<Input>,
    history: Arc<History>,
    /// The time that summaries took in this process.
    summing_up: Duration,
    /// How much of a result the model was shown at once, when it was asked last.
    page: Page,
    /// Appended and not committed.
    pending: Vec<TurnEvent>,
    /// What the model was sent and is not kept yet.
    unkept: Option<Arc<[SentText]>>,
    cancel: Arc<Cancel>,
    stopping: &'a CancellationToken,
}

impl<'a> Run<'a> {
    async fn begin(
        agents: &'a Agents,
        workspace: WorkspaceId,
        namespace: Namespace,
        handle: Handle,
        taken: TakenTurn,
        stopping: &'a CancellationToken,
    ) -> Result<Self, Error> {
        let cancel = agents.0.running.begin(taken.session.id, taken.row.id);
        if taken.row.cancel_requested {
            cancel.cancel(taken.row.cancelled_by);
        }
        let agent_version = taken.row.agent_version;
        let chosen = taken.agent();
        let limits = match chosen {
            Some(agent) => limits_of(agents, workspace, agent, agent_version).await?,
            None => agents.0.settings.limits.clone(),
        };
        let before = taken.session.last_seq - rows::count(taken.logged.len());
        let remembered = agents.0.histories.take(taken.session.id, before);
        let (by, reader) = (taken.by(), taken.reader());
        let remembered = remembered.filter(|history| history.is_of(reader));
        let (state, history) = match remembered {
            Some(history) if taken.is_fresh => (taken.state(), history),
            None if taken.is_fresh && before == 0 => (taken.state(), Arc::new(History::of(reader))),
            _ => {
                let turn = (taken.row.id, taken.row.member);
                lease::read_back(&namespace, &taken.session, turn, reader, &limits).await?
            }
        };
        let first = if taken.is_fresh { Input::Opened } else { Input::Resumed };
        let until = deadline(taken.deadline, &agents.0.settings.limits, &limits);
        let limits = hand_over::counted_from(limits, &state, &agents.0.settings.limits);
        Ok(Self {
            agents,
            workspace,
            namespace,
            handle,
            turn: taken.row.id,
            member: taken.row.member,
            by,
            delegation: taken.row.delegation,
            lease: taken.lease,
            last_seq: taken.session.last_seq,
            // The turn's row holds that of the installation.
            deadline: until,
            engaged_at: Self::engaged_before(&state, agents.0.environment.now()),
            agent: chosen.unwrap_or(taken.session.agent),
            session: taken.session,
            state,
            route: Route::default(),
            first: Some(first),
            history,
            summing_up: Duration::ZERO,
            page: Page::usual(&limits),
            agent_version,
            limits,
            pending: Vec::new(),
            unkept: None,
            cancel,
            stopping,
        })
    }

    /// Whether more turns of the session wait.
    async fn run(&mut self) -> Result<bool, Error> {
        let mut effects = VecDeque::new();
        let mut input = self.choose_agent().await?.or_else(|| self.first.take());
        loop {
            if let Some(input) = input.take() {
                self.decide(input, &mut effects);
            }
            let Some(effect) = effects.pop_front() else {
                // The machine always leaves something to do until the turn ends.
                let problem = Problem::internal();
                input = Some(Input::Over { problem, partial: Partial::default() });
                continue;
            };
            if !matches!(effect, Effect::Append(_) | Effect::Finish(_) | Effect::Wait)
                && let Some(end) = self.must_end()?
            {
                effects.clear();
                input = Some(end);
                continue;
            }
            input = match effect {
                Effect::Append(events) => {
                    self.charge(self.agent, &events).await?;
                    self.pending.extend(events);
                    None
                }
                Effect::Commit => {
                    self.commit().await?;
                    None
                }
                Effect::CallModel => Some(self.call_model().await?),
                Effect::RunReads(indexes) => Some(self.run_reads(&indexes).await?),
                Effect::RunWrite(index) | Effect::RunOutside(index) => Some(self.run_alone(index).await?),
                Effect::HandOver(index) => Some(self.hand_over(index).await?),
                Effect::Engage(index) => {
                    let engaged = self.engage(index).await?;
                    self.note_engaged(&engaged);
                    Some(engaged)
                }
                Effect::Ask(indexes) => Some(self.ask(&indexes).await?),
                Effect::Wait => return self.end(Ending::Wait).await,
                Effect::Finish(end) => {
                    let more = self.end(Ending::Turn(end)).await?;
                    self.remember();
                    return Ok(more);
                }
            };
        }
    }

    fn decide(&mut self, input: Input, effects: &mut VecDeque<Effect>) {
        let state = std::mem::replace(&mut self.state, State::new(self.turn));
        let (state, next) = machine::next(&self.limits, self.agents.0.operations.policy(), state, input);
        self.state = state;
        effects.extend(next);
    }

    /// What ends the turn before its next effect: a cancellation, the deadline. An error when the server
    /// stops.
    fn must_end(&self) -> Result<Option<Input>, Error> {
        if self.stopping.is_cancelled() {
            return Err(Error::Stopping);
        }
        Ok(self.ends_with(Partial::default))
    }

    /// The input that ends the turn now, or the part of an agent that was asked, with what the model had said; `None`
    /// when it may go on.
    fn ends_with(&self, partial: impl FnOnce() -> Partial) -> Option<Input> {
        if self.cancel.token().is_cancelled() {
            return Some(Input::Cancelled { by: self.cancel.by(), partial: partial() });
        }
        let now = self.agents.0.environment.now();
        if now >= self.deadline {
            return Some(Input::Over { problem: too_long(&self.limits), partial: partial() });
        }
        let is_too_late = self.deadline_of_part().is_some_and(|deadline| now >= deadline);
        is_too_late.then(|| Input::Failed { problem: part_too_long(), partial: partial() })
    }

    /// Keeps the conversation for the session's next turn.
    fn remember(&mut self) {
        // Of one that was handed over the other agent is shown less, which is read from the log.
        if self.state.end == Some(End::Completed) && self.state.handovers.is_empty() {
            let reader = Reader { by: self.by, agent: Some(self.agent) };
            let mut history = std::mem::replace(&mut self.history, Arc::new(History::of(reader)));
            Arc::make_mut(&mut history).push(&self.state, self.last_seq, &self.agents.0.settings.limits);
            self.agents.0.histories.put(self.session.id, self.last_seq, history);
        }
    }
}

/// The limits of an agent at a version; those of the installation where it cannot be loaded, which the step tells.
async fn limits_of(
    agents: &Agents,
    workspace: WorkspaceId,
    agent: AgentId,
    version: Option<i64>,
) -> Result<Limits, Error> {
    let installed = &agents.0.settings.limits;
    match agents.agent_at(workspace, agent, version).await {
        Ok(agent) => Ok(agent.definition.limits.within(installed)),
        Err(Error::Prompt { .. } | Error::Format { .. } | Error::AgentNotFound { .. }) => {
            Ok(installed.clone())
        }
        Err(error) => Err(error),
    }
}

/// When the time of a turn is over that has these limits, where it would be over at `installed_for` by those of the
/// installation.
fn deadline(installed_for: Timestamp, installed: &Limits, limits: &Limits) -> Timestamp {
    installed_for.minus(installed.turn.saturating_sub(limits.turn))
}

fn too_long(limits: &Limits) -> Problem {
    let minutes = limits.turn.as_secs().div_ceil(60);
    let told = format!("The agent did not finish within {minutes} min. Ask for less at a time.");
    Problem::new(ErrorKind::Limited, "turn_too_long", told)
}

fn part_too_long() -> Problem {
    let told = "The agent that was asked did not finish in time.";
    Problem::new(ErrorKind::Limited, "agent_too_long", told)
}

/// How a turn fails over an error that has nothing to do with the model or its calls.
fn failed(error: &Error) -> Input {
    tracing::warn!(error = %Chain(error), "a turn failed");
    Input::Failed { problem: error.problem(), partial: Partial::default() }
}
