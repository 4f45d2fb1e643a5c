//! Agents and the logs of sessions, as a member sees them.

use futures::Stream;
use kontor_core::{
    caller::Caller, environment::Environment, ids::SessionId, text, time::Timestamp, turn::Sequence,
};
use kontor_store::Tx;

use crate::{
    definition::{Agent, names_in_sight, require_agent},
    engine::Agents,
    error::Error,
    following::Seen,
    log::{self, LogSlice},
    prompts,
    rows::agents,
    stored::LoggedEvent,
    stream::{self, Cursor, EventId, StreamEvent},
    worker::Worker,
};

const LOGGED: u32 = 1_000;

impl Agents {
    /// Gives a new workspace its standard agents, in the unit that makes the workspace.
    pub async fn install(tx: &mut Tx<'_>, environment: &Environment, now: Timestamp) -> Result<(), Error> {
        prompts::install(tx, environment, now).await
    }

    /// Who runs turns in this process. There is one.
    pub fn worker(&self) -> Worker {
        Worker::new(self.clone())
    }

    /// Follows a session: the events after `after`, then what happens, until the stream is dropped. Whoever
    /// comes back with the id of the last event they got misses nothing and gets nothing twice.
    pub async fn subscribe(
        &self,
        caller: &Caller,
        session: SessionId,
        after: Option<EventId>,
    ) -> Result<impl Stream<Item = StreamEvent> + Send + 'static + use<>, Error> {
        // Before the database is read, so that nothing falls between the two.
        let handle = self.0.hub.open(caller.workspace, session);
        let (namespace, row, veil) = self.reach(caller, session).await?;
        // An id from beyond the log is none of it: a backup was restored since.
        let known = after.filter(|id| id.seq <= row.last_seq || handle.knows(id.seq));
        let cursor =
            Cursor::at(known.unwrap_or(EventId { seq: after.map_or(0, |_| row.last_seq), offset: None }));
        let in_log = row.last_seq > cursor.seq && !handle.reaches(&cursor);
        let poll_every = self.0.settings.shared.then_some(self.0.settings.poll_every);
        let events = stream::follow(namespace.clone(), handle, session, cursor, in_log, poll_every);
        // Others may follow for as long as it is shared with them.
        let guest = caller.member().filter(|member| *member != row.member);
        Ok(Seen::new(self, namespace, session, veil, guest, events).told())
    }

    /// The logged events after a number, in order, at most `limit` (1000); fewer are all there are.
    pub async fn log(
        &self,
        caller: &Caller,
        session: SessionId,
        after: Sequence,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, Error> {
        let (namespace, _, mut veil) = self.reach(caller, session).await?;
        let (mut after, mut wanted) = (after, u64::from(limit.clamp(1, LOGGED)));
        let mut events = Vec::new();
        // In place of what cannot be read or is not told comes what follows it: fewer events than asked for are the last.
        while wanted > 0 {
            let page: LogSlice = namespace
                .read((after, session, wanted), |tx, &(after, session, wanted)| {
                    Box::pin(log::after(tx, session, after, wanted))
                })
                .await?;
            let is_last = page.rows < wanted;
            after = page.last.unwrap_or(after);
            let before = events.len();
            for logged in page.events.into_iter().filter(|logged| logged.event.is_told()) {
                events.push(veil.see(logged)?);
            }
            wanted -= (events.len() - before) as u64;
            if is_last {
                break;
            }
        }
        Ok::<_, Error>(events)
    }

    /// The numbers of the events with which a session's last turns begin, the earliest first: at most `limit`
    /// (1000), and of those that begin before `before`, where that is given. Who reads the log from one of them
    /// on reads whole turns.
    pub async fn turn_starts(
        &self,
        caller: &Caller,
        session: SessionId,
        before: Option<Sequence>,
        limit: u32,
    ) -> Result<Vec<Sequence>, Error> {
        let (namespace, ..) = self.reach(caller, session).await?;
        let limit = u64::from(limit.clamp(1, LOGGED));
        namespace
            .read((session, before, limit), |tx, &(session, before, limit)| {
                Box::pin(log::turn_starts(tx, session, before, limit))
            })
            .await
    }

    /// That the caller may talk to the agent of a session; one that is not there is told elsewhere.
    pub(crate) async fn require_agent_of(&self, caller: &Caller, session: SessionId) -> Result<(), Error> {
        if caller.grants.agents().is_all() {
            return Ok(());
        }
        let (_, row, _) = self.reach(caller, session).await?;
        // One that is still to be chosen will be one of the caller's.
        let Some(agent) = row.chosen_agent() else { return Ok(()) };
        let agent = self.agent(caller.workspace, agent).await?;
        require_agent(caller, &agent.name)
    }

    /// The agent of a new conversation: one that is active.
    pub(crate) async fn agent_named(&self, caller: &Caller, name: &str) -> Result<Agent, Error> {
        let namespace = self.namespace(caller.workspace).await?;
        let mut all = namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        match all.iter().position(|agent| agent.name == name) {
            Some(found) if !all[found].is_active => {
                Err::<_, Error>(Error::AgentInactive(all[found].definition.label.clone()))
            }
            Some(found) => Ok(all.swap_remove(found)),
            None => Err(Error::AgentNotFound {
                name: text::excerpt(name, 60),
                near: text::suggestion(name, names_in_sight(caller, &all)),
            }),
        }
    }
}
