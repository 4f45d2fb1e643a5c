//! Forking a session: a new one that begins with what was said in another up to a message.

use std::collections::HashMap;

use kontor_core::{
    actor::Actor,
    caller::Caller,
    environment::Environment,
    ids::{MemberId, SessionId, TurnId},
    text,
    time::Timestamp,
    turn::{Sequence, TurnEvent},
};
use kontor_store::{AuditEntry, Tx};
use serde::Deserialize;
use serde_json::json;

use crate::{
    access::{member_of, readable, veil},
    engine::Agents,
    error::Error,
    log::{self, LogSlice},
    rows::{
        count, events,
        sessions::{self, SessionRow},
        turns::{self, TurnRow},
    },
    sessions::{LONGEST_TITLE, Session},
    sharing::target,
    stored::{Access, Draft, LoggedEvent, SessionStatus},
    veil::{Veil, without_deeds},
};

/// Events that are copied at once.
const PAGE: u64 = 500;

/// Where a session is forked.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub struct NewFork {
    /// The message up to which the conversation is copied, with what was answered to it: its turn, or the number of an
    /// event of that. Without one, all that has ended.
    pub at: Option<ForkPoint>,
    /// Copies what is before that message instead, so that another can be sent in its place.
    pub before: bool,
}

/// A message of a session.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "the id of a turn or the number of an event is expected here")]
pub enum ForkPoint {
    /// Its turn.
    Turn(TurnId),
    /// The number of an event.
    Event(Sequence),
}

/// A fork that is to be written.
struct Fork {
    id: SessionId,
    source: SessionId,
    member: MemberId,
    new: NewFork,
    expires_at: Timestamp,
    environment: Environment,
    actor: Actor,
    now: Timestamp,
}

impl Agents {
    /// Begins a session of the caller's with the conversation of another up to a message. Nothing is done again: what
    /// tools answered is copied with what was said, and approvals are not.
    ///
    /// # Errors
    /// [`Error::NothingToFork`] where a turn that is to be copied has not ended.
    pub async fn fork_session(
        &self,
        caller: &Caller,
        source: SessionId,
        new: NewFork,
    ) -> Result<Session, Error> {
        let now = self.0.environment.now();
        let fork = Fork {
            id: self.0.environment.new_id(),
            source,
            member: member_of(caller)?,
            new,
            expires_at: now.plus(self.0.settings.session_lifetime),
            environment: self.0.environment.clone(),
            actor: caller.actor(),
            now,
        };
        let id = fork.id;
        self.namespace(caller.workspace).await?.write(fork, |tx, fork| Box::pin(fork.write(tx))).await?;
        self.session(caller, id).await
    }
}

impl Fork {
    async fn write(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (source, access) = readable(tx, self.source, self.member).await?;
        let veil = veil(tx, &source, self.member).await?;
        let turns = self.turns(tx, &source).await?;
        let title = match (&source.title, turns.is_empty()) {
            (Some(title), false) => Some(text::excerpt(&format!("{title} (fork)"), LONGEST_TITLE)),
            _ => None,
        };
        let row = SessionRow {
            id: self.id,
            member: self.member,
            agent: source.agent,
            title,
            status: SessionStatus::Active,
            context_object: source.context_object.clone(),
            context_id: source.context_id,
            expires_at: self.expires_at,
            last_seq: 0,
            turn_count: count(turns.len()),
            epoch: 0,
            created_at: self.now,
            updated_at: self.now,
            is_shared: false,
            forked_from: Some(source.id),
            deleted_at: None,
            awaits_agent: source.awaits_agent,
            routing: source.routing.clone(),
        };
        tx.insert(&row).await?;
        let mut copies = HashMap::new();
        for (mut turn, position) in turns.into_iter().zip(1..) {
            if turn.member != self.member {
                turn.problem.iter_mut().for_each(without_deeds);
            }
            let id: TurnId = self.environment.new_id();
            copies.insert(turn.id, (id, turn.member));
            turns::insert(tx, &TurnRow { id, session: self.id, position, ..turn }, None).await?;
        }
        CopiedLog { fork: self, owner: source.member, veil, copies, numbers: Vec::new() }.copy(tx).await?;
        if access != Access::Owner {
            let details = json!({ "into": self.id });
            let entry = AuditEntry::new("session.forked", target(source.id), details);
            tx.audit(&self.environment, self.now, &self.actor, entry).await?;
        }
        Ok(())
    }

    /// The turns that are copied.
    async fn turns(&self, tx: &mut Tx<'_>, source: &SessionRow) -> Result<Vec<TurnRow>, Error> {
        let unknown = || Error::invalid("at", "unknown_message", "There is no such message in this session.");
        let turn = match self.new.at {
            None => None,
            Some(ForkPoint::Turn(turn)) => Some(turn),
            Some(ForkPoint::Event(seq)) => {
                let found = events::after(tx, source.id, seq.saturating_sub(1), 1).await?;
                Some(found.into_iter().find(|row| row.seq == seq).ok_or_else(unknown)?.turn)
            }
        };
        let last = match turn {
            None => None,
            Some(turn) => {
                let found = turns::by_id(tx, turn).await?.filter(|row| row.session == source.id);
                Some(found.ok_or_else(unknown)?.position - i64::from(self.new.before))
            }
        };
        let turns = turns::up_to(tx, source.id, last.unwrap_or(source.turn_count)).await?;
        if last.is_some() && turns.iter().any(|turn| turn.ended_at.is_none()) {
            return Err(Error::NothingToFork("The message has not been answered yet. Wait, or stop it."));
        }
        // What was taken out of the queue never began.
        let has_ended = |turn: &TurnRow| turn.ended_at.is_some() && turn.started_at.is_some();
        Ok(turns.into_iter().filter(has_ended).collect())
    }
}

/// The events of a fork on their way.
struct CopiedLog<'f> {
    fork: &'f Fork,
    owner: MemberId,
    veil: Veil,
    /// The turns that are copied: what they become, and whose they are.
    copies: HashMap<TurnId, (TurnId, MemberId)>,
    /// The numbers of what was copied, and what they became.
    numbers: Vec<(Sequence, Sequence)>,
}

impl CopiedLog<'_> {
    async fn copy(mut self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (mut after, mut next) = (0, 1);
        loop {
            let page: LogSlice = log::after(tx, self.fork.source, after, PAGE).await?;
            let mut drafts = Vec::new();
            for logged in page.events {
                let (seq, at) = (logged.seq, logged.at);
                if let Some(event) = self.copied(logged)? {
                    self.numbers.push((seq, next));
                    next += 1;
                    drafts.push((Draft::new(event)?, at));
                }
            }
            if !drafts.is_empty() {
                let last = sessions::advance(tx, self.fork.id, drafts.len(), self.fork.now).await?;
                let last = last.ok_or(Error::SessionNotFound(self.fork.id))?;
                let first = last - count(drafts.len()) + 1;
                let drafts = drafts.iter().map(|(draft, at)| (draft, *at));
                events::insert(tx, self.fork.id, first, drafts).await?;
            }
            match page.last {
                Some(last) if page.rows == PAGE => after = last,
                _ => return Ok(()),
            }
        }
    }

    /// What becomes of an event; nothing of what is asked for once alone, and counted once.
    fn copied(&mut self, logged: LoggedEvent) -> Result<Option<TurnEvent>, Error> {
        let Some((turn, member)) = self.copies.get(&logged.event.turn()).copied() else { return Ok(None) };
        let is_own = member == self.fork.member;
        let event = (*self.veil.see(logged)?.event).clone();
        if matches!(event.inner(), TurnEvent::Usage { .. }) {
            return Ok(None);
        }
        if matches!(event.inner(), TurnEvent::AnswerCarried { .. }) && !is_own {
            return Ok(None);
        }
        let event = match event {
            TurnEvent::ApprovalRequested { .. } | TurnEvent::ApprovalResolved { .. } => return Ok(None),
            TurnEvent::HistorySummarized { .. } if !is_own => return Ok(None),
            TurnEvent::HistorySummarized { turn, step, through, text, model, agent } => {
                // The last that was copied of what it tells of.
                let told = self.numbers.iter().rev().find(|(seq, _)| *seq <= through);
                let through = told.map_or(0, |(_, copy)| *copy);
                TurnEvent::HistorySummarized { turn, step, through, text, model, agent }
            }
            // It stays another's, so that nobody's words become the caller's.
            TurnEvent::TurnStarted { turn, message, by } => {
                let by = Some(by.unwrap_or(self.owner)).filter(|by| *by != self.fork.member);
                TurnEvent::TurnStarted { turn, message, by }
            }
            event => event,
        };
        Ok(Some(event.in_turn(turn)))
    }
}
