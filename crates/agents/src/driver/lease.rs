use std::{collections::HashMap, sync::Arc};

use kontor_core::{
    ids::{AgentId, MemberId, SessionId, TurnId},
    time::Timestamp,
    turn::TurnEvent,
};
use kontor_store::{Namespace, Tx};

use super::Run;
use crate::{
    engine::Agents,
    error::Error,
    history::{History, Reader},
    limits::Limits,
    log::{self, LogSlice, SessionAgents},
    machine::{self, State},
    rows::{
        sessions::{self, AfterAppend, Lease, LeaseRequest, LeaseUse, SessionRow},
        turns::{self, TurnRow},
    },
    stored::{Draft, LoggedEvent, TurnStatus},
};

/// Events read to find out where a turn stands and what was said before.
const TAIL: u64 = 1_500;

/// What was found for a session.
pub(crate) enum Taken {
    /// Nothing can run now, or another runs it.
    Nothing,
    /// A turn that was cancelled while it was queued is off the queue.
    Cancelled(Vec<LoggedEvent>),
    Turn(Box<Turn>),
}

/// A turn taken up.
pub(crate) struct Turn {
    pub(super) session: SessionRow,
    pub(super) row: TurnRow,
    pub(super) lease: Lease,
    pub(super) deadline: Timestamp,
    /// Never run before; its opening is in `logged`.
    pub(super) is_fresh: bool,
    pub(super) logged: Vec<LoggedEvent>,
}

impl Turn {
    /// Whose turn it is, where that is another than the session's member.
    pub(super) fn by(&self) -> Option<MemberId> {
        Some(self.row.member).filter(|member| *member != self.session.member)
    }

    /// Who is shown what was said before it.
    pub(super) fn reader(&self) -> Reader {
        Reader { by: self.by(), agent: self.agent() }
    }

    /// The agent that runs it; none where one is still to be chosen.
    pub(super) fn agent(&self) -> Option<AgentId> {
        self.row.agent.or(self.session.chosen_agent())
    }

    /// Where a turn stands that was just opened.
    pub(super) fn state(&self) -> State {
        State::replay(self.row.id, self.logged.iter().map(|logged| &*logged.event))
    }
}

/// Takes the lease and, in the same commit, opens the session's next turn.
pub(super) async fn take(agents: &Agents, namespace: &Namespace, session: SessionId) -> Result<Taken, Error> {
    let terms = LeaseTerms::now(agents, session);
    namespace
        .write((session, terms), |tx, &(session, terms)| {
            Box::pin(async move {
                match turns::first_open(tx, session).await? {
                    Some(row) => take_turn(tx, &terms, row).await,
                    None => Ok(Taken::Nothing),
                }
            })
        })
        .await
}

/// On what a turn is taken up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTerms {
    request: LeaseRequest,
    deadline: Timestamp,
}

impl LeaseTerms {
    pub(crate) fn now(agents: &Agents, session: SessionId) -> Self {
        let settings = &agents.0.settings;
        let now = agents.0.environment.now();
        let until = now.plus(settings.lease);
        let request = LeaseRequest { session, owner: agents.0.owner, shared: settings.shared, until, now };
        Self { request, deadline: now.plus(settings.limits.turn) }
    }
}

/// Takes the lease and opens this turn, the first of its session that has not ended.
pub(crate) async fn take_turn(tx: &mut Tx<'_>, terms: &LeaseTerms, mut row: TurnRow) -> Result<Taken, Error> {
    let LeaseTerms { request, deadline } = terms;
    let is_fresh = match row.status {
        TurnStatus::Queued => true,
        TurnStatus::Running => false,
        _ => return Ok(Taken::Nothing),
    };
    let turn = row.id;
    let room = match (is_fresh, row.cancel_requested) {
        (true, true) => 1,
        (true, false) => 2,
        (false, _) => 0,
    };
    let lease_use = if is_fresh && !row.cancel_requested { LeaseUse::Begin } else { LeaseUse::Finish };
    let taken = sessions::take_lease(tx, request, lease_use, room).await?;
    let Some(session) = taken else { return Ok(Taken::Nothing) };
    let by = Some(row.member).filter(|member| *member != session.member);
    let events = match (is_fresh, row.cancel_requested) {
        (true, true) => vec![TurnEvent::TurnCancelled { turn, by: row.cancelled_by }],
        (true, false) => machine::opening(turn, row.message.clone(), by).into(),
        (false, _) => Vec::new(),
    };
    let drafts = Draft::all(events)?;
    let logged = log::insert(tx, request.session, session.last_seq, &drafts, request.now).await?;
    let lease = Lease { session: request.session, epoch: session.epoch, until: request.until };
    if is_fresh && row.cancel_requested {
        turns::end(tx, turn, TurnStatus::Cancelled, None, request.now).await?;
        sessions::advance_leased(tx, &lease, AfterAppend::Released, 0, request.now).await?;
        return Ok(Taken::Cancelled(logged));
    }
    let deadline = row.deadline_at.unwrap_or(*deadline);
    if is_fresh {
        row.agent = session.chosen_agent();
        row.agent_version = turns::start(tx, turn, row.agent, deadline, request.now).await?;
    } else if row.deadline_at.is_none() {
        // Waiting for an approval ended: the time of running begins anew.
        turns::set_status(tx, turn, TurnStatus::Running, Some(deadline)).await?;
    }
    Ok(Taken::Turn(Box::new(Turn { session, row, lease, deadline, is_fresh, logged })))
}

/// Where a turn stands and what was said before it, from the log. A turn of which something cannot be read
/// does not go on: what it did already might be done again.
pub(super) async fn read_back(
    namespace: &Namespace,
    session: &SessionRow,
    (turn, acting): (TurnId, MemberId),
    reader: Reader,
    limits: &Limits,
) -> Result<(State, Arc<History>), Error> {
    // Where others take part, or the session had another agent, each has summaries of their own.
    let member = Some(acting).filter(|_| session.is_shared);
    let agent = reader.agent.filter(|_| session.routing.is_some());
    let session = session.id;
    let (log, had) = namespace
        .read((session, member, agent), |tx, &(session, member, agent)| {
            Box::pin(async move {
                let of_others = match agent {
                    Some(agent) => turns::of_other_agents(tx, session, agent).await?,
                    None => HashMap::new(),
                };
                let had = SessionAgents { reader: agent, of_others };
                Ok::<(LogSlice, _), Error>((log::tail(tx, session, member, &had, TAIL).await?, had))
            })
        })
        .await?;
    if log.damaged.contains(&turn) {
        return Err(Error::TurnUnreadable(turn));
    }
    let state = State::replay(turn, log.events.iter().map(|logged| &*logged.event));
    let history = History::read(&log, turn, reader, &had, limits);
    Ok::<_, Error>((state, Arc::new(history)))
}

/// Where a turn stands, as far as its log can be read.
pub(super) async fn state(namespace: &Namespace, session: SessionId, turn: TurnId) -> Result<State, Error> {
    let log: LogSlice = namespace
        .read(session, |tx, &session| {
            Box::pin(async move { log::tail(tx, session, None, &SessionAgents::default(), TAIL).await })
        })
        .await?;
    Ok::<_, Error>(State::replay(turn, log.events.iter().map(|logged| &*logged.event)))
}

impl Run<'_> {
    /// The lease as it is after being renewed now.
    pub(super) fn renewed(&self, now: Timestamp) -> Lease {
        Lease { until: now.plus(self.agents.0.settings.lease), ..self.lease }
    }

    /// Renews the lease and hears of a cancellation from elsewhere.
    pub(super) async fn renew(&self) -> Result<(), Error> {
        let now = self.agents.0.environment.now();
        let (lease, turn, member) = (self.renewed(now), self.turn, self.member);
        let row = self
            .namespace
            .write((lease, now, turn, member), |tx, &(lease, now, turn, member)| {
                Box::pin(async move {
                    let kept = sessions::advance_leased(tx, &lease, AfterAppend::Renewed, 0, now).await?;
                    kept.ok_or(Error::LeaseLost)?;
                    turns::find(tx, turn, member).await
                })
            })
            .await?;
        if let Some(row) = row.filter(|row| row.cancel_requested) {
            self.cancel.cancel(row.cancelled_by);
        }
        Ok(())
    }

    /// Lets go of the turn, so that it is taken up without waiting for the lease to run out.
    pub(super) async fn release(&self) -> Result<(), Error> {
        let now = self.agents.0.environment.now();
        let lease = self.lease;
        self.namespace
            .write((lease, now), |tx, &(lease, now)| {
                Box::pin(async move {
                    sessions::advance_leased(tx, &lease, AfterAppend::Released, 0, now).await.map(drop)
                })
            })
            .await
    }
}
