//! Turns as the one who asks sees them: starting, cancelling, looking.

use kontor_core::{
    actor::Actor,
    caller::Caller,
    environment::Environment,
    error::Problem,
    grants::Permission,
    ids::{AgentId, MemberId, SessionId, TurnId, WorkspaceId},
    time::Timestamp,
    turn::TurnEvent,
};
use kontor_store::{AuditEntry, Namespace};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    access::{any_turn, member_of, readable_turn, require_chat, require_own_chat},
    driver::{self, LeaseTerms, Taken},
    engine::Agents,
    error::Error,
    log,
    machine::GO_ON,
    rows::{
        agents, approvals,
        sessions::{self, SessionRow},
        shares,
        turns::{self as rows, TurnRow},
    },
    stored::{Access, Draft, LoggedEvent, SessionStatus, TurnStatus},
    titles::title_of,
    veil::without_deeds,
};

const LONGEST_KEY: usize = 200;

/// What came of sending a message.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct StartedTurn {
    pub id: TurnId,
    /// `queued` behind others, otherwise `running`: it is taken up at once.
    pub status: TurnStatus,
    /// How many turns of the session come before it.
    pub position: u32,
}

/// A turn, as its member sees it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Turn {
    pub id: TurnId,
    pub session: SessionId,
    /// Whose turn it is.
    pub member: MemberId,
    pub status: TurnStatus,
    pub message: String,
    /// Its place among the session's turns, from 1.
    pub number: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    pub created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The agent that has it, or had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub agent: Option<AgentId>,
    /// The version of that agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<i64>,
}

impl From<TurnRow> for Turn {
    fn from(row: TurnRow) -> Self {
        // A queued turn that was cancelled leaves the queue when its turn comes, and never runs.
        let cancelled = row.status == TurnStatus::Queued && row.cancel_requested;
        Self {
            id: row.id,
            session: row.session,
            member: row.member,
            status: if cancelled { TurnStatus::Cancelled } else { row.status },
            message: row.message,
            number: row.position,
            problem: row.problem,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            agent: row.agent,
            agent_version: row.agent_version,
        }
    }
}

impl Turn {
    /// A turn as a member is shown it: of another's, not what was done before it failed.
    pub(crate) fn seen_by(member: MemberId, mut row: TurnRow) -> Self {
        if row.member != member {
            row.problem.iter_mut().for_each(without_deeds);
        }
        row.into()
    }
}

/// Why a turn that others came after is not gone on with.
const SINCE: &str = "The chat has gone on since. Say what is to be done now.";

/// The key of the turn that goes on from another.
fn after(turn: TurnId) -> String {
    format!("go on after {turn}")
}

impl Agents {
    /// Writes a message into a session; the worker answers it. The same idempotency key in the same session
    /// is the same turn, and refused with another message.
    pub async fn start_turn(
        &self,
        caller: &Caller,
        session: SessionId,
        message: String,
        idempotency_key: Option<String>,
    ) -> Result<StartedTurn, Error> {
        self.begin(caller, session, message, idempotency_key, None).await
    }

    /// As [`Agents::start_turn`]; where `follows` names the place of a turn, only while that is the last one.
    async fn begin(
        &self,
        caller: &Caller,
        session: SessionId,
        message: String,
        idempotency_key: Option<String>,
        follows: Option<i64>,
    ) -> Result<StartedTurn, Error> {
        let member = member_of(caller)?;
        require_chat(caller)?;
        self.check_message(&message)?;
        if idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > LONGEST_KEY) {
            return Err(Error::invalid(
                "idempotency_key",
                "wrong_length",
                "An idempotency key has 1 to 200 characters.",
            ));
        }
        self.require_agent_of(caller, session).await?;
        let now = self.0.environment.now();
        let namespace = self.namespace(caller.workspace).await?;
        self.0.jobs.announce(caller.workspace).await?;
        let new = NewTurn {
            id: self.0.environment.new_id(),
            session,
            member,
            title: title_of(&message),
            message,
            key: idempotency_key,
            follows,
            delegation: caller.delegation,
            queue: self.0.settings.limits.queue,
            expires_at: now.plus(self.0.settings.session_lifetime),
            now,
        };
        // A caller who leaves in the middle leaves no turn behind that is written and not run.
        let ours = self.clone();
        let workspace = caller.workspace;
        let begun = self.0.tracker.spawn(async move { ours.begin_turn(namespace, workspace, new).await });
        match begun.await {
            Ok(started) => started,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::Stopping),
            },
        }
    }

    async fn begin_turn(
        &self,
        namespace: Namespace,
        workspace: WorkspaceId,
        new: NewTurn,
    ) -> Result<StartedTurn, Error> {
        let (agents, session) = (self.clone(), new.session);
        let (started, taken) = namespace
            .write((agents, new), move |tx, (agents, new)| {
                Box::pin(async move {
                    let (started, row) = new.insert(tx).await?;
                    // Taken up in the commit that writes it, where this process is free to run it.
                    let free = row.and_then(|row| Some((agents.claim(workspace, session)?, row)));
                    let Some((claim, row)) = free else { return Ok((started, None)) };
                    let terms = LeaseTerms::now(agents, session);
                    let taken = driver::take_turn(tx, &terms, row).await?;
                    Ok::<_, Error>((started, Some((claim, taken))))
                })
            })
            .await?;
        match taken {
            Some((claim, Taken::Turn(turn))) => claim.run(turn),
            _ => self.wake(workspace, session),
        }
        Ok(started)
    }

    /// Has the agent go on where a turn ended early: a new turn, whose conversation holds what the other had done, so
    /// that nothing of it is done again. Asked for twice, it is the same turn.
    ///
    /// # Errors
    /// [`Error::NothingToGoOn`] where the turn came to its end or has not ended, or where others came after it.
    pub async fn go_on(&self, caller: &Caller, turn: TurnId) -> Result<StartedTurn, Error> {
        let member = member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let (row, known, is_last) = namespace
            .read((turn, member), |tx, &(turn, member)| {
                Box::pin(async move {
                    let mut row = rows::find(tx, turn, member).await?.ok_or(Error::TurnNotFound(turn))?;
                    let session = shares::reach(tx, row.session, member).await?;
                    let last = session.map_or(0, |(session, _)| session.turn_count);
                    loop {
                        let known = rows::find_by_key(tx, row.session, member, &after(row.id)).await?;
                        let has_ended_early =
                            |row: &TurnRow| matches!(row.status, TurnStatus::Failed | TurnStatus::Cancelled);
                        match known {
                            // What went on from it ended early as well, so it is gone on from there.
                            Some(next) if has_ended_early(&next) && next.position > row.position => {
                                row = next
                            }
                            known => {
                                let is_last = last == row.position;
                                return Ok::<_, Error>((row, known, is_last));
                            }
                        }
                    }
                })
            })
            .await?;
        if known.is_none() {
            match row.status {
                TurnStatus::Failed | TurnStatus::Cancelled if is_last && row.started_at.is_some() => {}
                TurnStatus::Cancelled if is_last => {
                    return Err(Error::NothingToGoOn("The turn had not begun. Send the message again."));
                }
                TurnStatus::Failed | TurnStatus::Cancelled => {
                    return Err(Error::NothingToGoOn(SINCE));
                }
                TurnStatus::Completed => {
                    return Err(Error::NothingToGoOn("The turn came to its end. Send another message."));
                }
                TurnStatus::Queued | TurnStatus::Running | TurnStatus::WaitingForApproval => {
                    return Err(Error::NothingToGoOn("The turn has not ended yet."));
                }
            }
        }
        let key = Some(after(row.id));
        self.begin(caller, row.session, GO_ON.to_owned(), key, Some(row.position)).await
    }

    /// Stops a turn: one that runs, as soon as its worker hears of it; one that waits, at once. It is the caller's own or
    /// of a session of theirs, or the caller may see what agents do for others.
    pub async fn cancel_turn(&self, caller: &Caller, turn: TurnId) -> Result<Turn, Error> {
        let member = member_of(caller)?;
        let now = self.0.environment.now();
        let by = StoppedBy {
            member,
            may_all: caller.grants.permits(Permission::Conversations),
            actor: caller.actor(),
            environment: self.0.environment.clone(),
        };
        let namespace = self.namespace(caller.workspace).await?;
        let (row, logged) = namespace.write(by, move |tx, by| Box::pin(cancel(tx, turn, by, now))).await?;
        self.0.hub.publish(caller.workspace, row.session, &logged);
        self.0.running.cancel(row.session, turn, member);
        if row.status == TurnStatus::Cancelled {
            self.turn_ended(caller.workspace, turn);
        }
        // What waited behind it may run now.
        self.wake(caller.workspace, row.session);
        Ok(row.into())
    }

    pub async fn turn(&self, caller: &Caller, turn: TurnId) -> Result<Turn, Error> {
        let member = member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        require_chat(caller)?;
        let row = namespace
            .read((turn, member, caller.delegation), |tx, &(turn, member, delegation)| {
                Box::pin(async move {
                    let (row, ..) = readable_turn(tx, turn, member).await?;
                    match delegation {
                        Some(_) if row.delegation != delegation => Err(Error::TurnNotFound(turn)),
                        _ => Ok(row),
                    }
                })
            })
            .await?;
        Ok(Turn::seen_by(member, row))
    }

    fn check_message(&self, message: &str) -> Result<(), Error> {
        let limit = self.0.settings.limits.message_characters;
        if message.trim().is_empty() {
            return Err(Error::invalid("message", "required", "A message is not empty."));
        }
        if message.chars().count() > limit {
            let told = format!("A message has at most {limit} characters.");
            return Err(Error::invalid("message", "too_long", told));
        }
        if message.contains('\0') {
            return Err(Error::invalid("message", "wrong_characters", "A message has no NUL characters."));
        }
        Ok(())
    }
}

/// Who stops a turn.
struct StoppedBy {
    member: MemberId,
    /// Whether they may see what agents do for others.
    may_all: bool,
    actor: Actor,
    environment: Environment,
}

struct NewTurn {
    id: TurnId,
    session: SessionId,
    member: MemberId,
    title: String,
    message: String,
    key: Option<String>,
    /// The place of the turn after which alone it makes sense.
    follows: Option<i64>,
    delegation: Option<Uuid>,
    queue: u32,
    expires_at: Timestamp,
    now: Timestamp,
}

impl NewTurn {
    /// Writes the turn, which is also answered where it is new and nothing comes before it.
    async fn insert(&self, tx: &mut kontor_store::Tx<'_>) -> Result<(StartedTurn, Option<TurnRow>), Error> {
        if let Some(key) = &self.key
            && let Some(known) = rows::find_by_key(tx, self.session, self.member, key).await?
        {
            if known.message != self.message {
                return Err(Error::KeyReused);
            }
            return Ok((StartedTurn { id: known.id, status: known.status, position: 0 }, None));
        }
        let counted =
            sessions::count_turn(tx, self.session, self.member, &self.title, self.expires_at, self.now);
        let session = match counted.await? {
            Some(session) => session,
            None => {
                let found = shares::reach(tx, self.session, self.member).await?;
                let (session, access) = found.ok_or(Error::SessionNotFound(self.session))?;
                if access == Access::Read {
                    return Err(Error::MayOnlyRead);
                }
                if session.expires_at <= self.now {
                    return Err(Error::SessionClosed("The session has expired. Begin a new one."));
                }
                let agent = agents::find(tx, session.agent).await?;
                return Err(match agent {
                    Some(agent) if agent.deleted_at.is_none() => Error::AgentInactive(agent.definition.label),
                    Some(agent) => Error::AgentDeleted(agent.definition.label),
                    None => Error::SessionNotFound(self.session),
                });
            }
        };
        takes_messages(&session)?;
        require_own_chat(tx, self.delegation, self.session).await?;
        if self.follows.is_some_and(|place| session.turn_count != place + 1) {
            return Err(Error::NothingToGoOn(SINCE));
        }
        // A session with a lease or with earlier turns may have some that have not ended.
        let before = if session.turn_count > 1 { rows::open(tx, self.session).await? } else { Vec::new() };
        let waiting = u32::try_from(before.len()).unwrap_or(u32::MAX);
        if waiting > self.queue {
            return Err(Error::QueueFull(self.queue));
        }
        let turn = TurnRow {
            id: self.id,
            session: self.session,
            member: self.member,
            position: session.turn_count,
            message: self.message.clone(),
            status: TurnStatus::Queued,
            cancel_requested: false,
            cancelled_by: None,
            problem: None,
            deadline_at: None,
            created_at: self.now,
            started_at: None,
            ended_at: None,
            agent: None,
            agent_version: None,
            delegation: self.delegation,
        };
        rows::insert(tx, &turn, self.key.as_deref()).await?;
        let is_first = waiting == 0;
        let status = if is_first { TurnStatus::Running } else { TurnStatus::Queued };
        Ok((StartedTurn { id: self.id, status, position: waiting }, is_first.then_some(turn)))
    }
}

fn takes_messages(session: &SessionRow) -> Result<(), Error> {
    match session.status {
        SessionStatus::Active => Ok(()),
        SessionStatus::Paused => Err(Error::SessionClosed("The session is paused. Resume it first.")),
        SessionStatus::Completed => Err(Error::SessionClosed("The session is over. Begin a new one.")),
    }
}

async fn cancel(
    tx: &mut kontor_store::Tx<'_>,
    turn: TurnId,
    by: &StoppedBy,
    now: Timestamp,
) -> Result<(TurnRow, Vec<LoggedEvent>), Error> {
    let member = by.member;
    let (found, session) = any_turn(tx, turn).await?;
    if found.member != member && session.member != member {
        if !by.may_all {
            // Whoever may read it knows that it is there.
            readable_turn(tx, turn, member).await?;
            return Err(Error::NotTheirSession);
        }
        let details = json!({ "session": session.id, "member": found.member });
        let entry = AuditEntry::new("turn.stopped", format!("turn:{turn}"), details);
        tx.audit(&by.environment, now, &by.actor, entry).await?;
    }
    // Locks the session, so that no worker takes the turn up meanwhile.
    sessions::advance(tx, found.session, 0, now).await?;
    let mut row = rows::by_id(tx, turn).await?.ok_or(Error::TurnNotFound(turn))?;
    match row.status {
        TurnStatus::Completed | TurnStatus::Failed | TurnStatus::Cancelled => Err(Error::TurnEnded),
        TurnStatus::Running | TurnStatus::Queued => {
            // A queued turn is not logged as cancelled before its turn comes: another may be partial, and
            // the text of a step is not interrupted by what does not belong to it.
            rows::request_cancel(tx, turn, member).await?;
            row.cancel_requested = true;
            Ok((row, Vec::new()))
        }
        TurnStatus::WaitingForApproval => {
            let logged = cancel_waiting(tx, &row, member, now).await?;
            row.status = TurnStatus::Cancelled;
            row.ended_at = Some(now);
            Ok((row, logged))
        }
    }
}

/// Ends a turn that waits for an approval, which nobody runs. Its session is locked.
pub(crate) async fn cancel_waiting(
    tx: &mut kontor_store::Tx<'_>,
    turn: &TurnRow,
    by: MemberId,
    now: Timestamp,
) -> Result<Vec<LoggedEvent>, Error> {
    let event = Draft::new(TurnEvent::TurnCancelled { turn: turn.id, by: Some(by) })?;
    let logged = log::append_unleased(tx, turn.session, &[event], now).await?;
    rows::end(tx, turn.id, TurnStatus::Cancelled, None, now).await?;
    approvals::close(tx, turn.id, now).await?;
    Ok(logged)
}
