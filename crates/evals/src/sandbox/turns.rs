//! Turns run to their end.

use std::time::Duration;

use futures::StreamExt as _;
use kontor_agents::{EventId, LoggedEvent, NewSession, SessionContext, StreamEvent, TurnStatus};
use kontor_core::{
    caller::Caller,
    ids::{ApprovalId, SessionId, TurnId},
    turn::TurnEvent,
};

use super::{Error, Sandbox};

/// Events of a log that are read at one time.
const PAGE: u32 = 1_000;

/// How a turn stands when nothing more happens in it by itself.
#[derive(Debug)]
pub struct Settled {
    pub status: TurnStatus,
    /// What the log has of the turn, in order.
    pub events: Vec<LoggedEvent>,
    /// Approvals that it waits for.
    pub waits_for: Vec<ApprovalId>,
}

impl Settled {
    /// Whether it came to its end, whatever end that is.
    pub fn has_ended(&self) -> bool {
        self.waits_for.is_empty()
    }
}

impl Sandbox {
    /// Begins a conversation with an agent, about a record where one is given.
    ///
    /// # Errors
    /// What is wrong with it, as in any workspace.
    pub async fn session(
        &self,
        caller: &Caller,
        agent: &str,
        context: Option<SessionContext>,
    ) -> Result<SessionId, Error> {
        let new = NewSession { agent: Some(agent.to_owned()), title: None, context };
        Ok(self.agents().create_session(caller, new).await?.id)
    }

    /// Sends a message, which is answered at once.
    ///
    /// # Errors
    /// What is wrong with it, as in any workspace.
    pub async fn say(&self, caller: &Caller, session: SessionId, message: &str) -> Result<TurnId, Error> {
        Ok(self.agents().start_turn(caller, session, message.to_owned(), None).await?.id)
    }

    /// Waits until a turn has ended or waits for somebody.
    ///
    /// # Errors
    /// [`Error::TurnTooLong`] after `limit`; the turn goes on then.
    pub async fn settle(
        &self,
        caller: &Caller,
        session: SessionId,
        turn: TurnId,
        limit: Duration,
    ) -> Result<Settled, Error> {
        let start = Some(EventId::default());
        let mut events = std::pin::pin!(self.agents().subscribe(caller, session, start).await?);
        let until = async {
            while let Some(event) = events.next().await {
                let StreamEvent::Logged(logged) = event else { continue };
                if logged.event.turn() != turn {
                    continue;
                }
                // It may have been answered since.
                let may_wait = matches!(&*logged.event, TurnEvent::ApprovalRequested { .. });
                if logged.event.ends_turn() || may_wait && self.waits(caller, turn).await? {
                    break;
                }
            }
            Ok::<_, Error>(())
        };
        tokio::time::timeout(limit, until).await.map_err(|_| Error::TurnTooLong)??;
        let status = self.agents().turn(caller, turn).await?.status;
        let mut all = Vec::new();
        loop {
            let after = all.last().map_or(0, |last: &LoggedEvent| last.seq);
            let page = self.agents().log(caller, session, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                break;
            }
        }
        all.retain(|logged| logged.event.turn() == turn);
        let waits_for =
            if status == TurnStatus::WaitingForApproval { open_approvals(&all) } else { Vec::new() };
        Ok(Settled { status, events: all, waits_for })
    }

    async fn waits(&self, caller: &Caller, turn: TurnId) -> Result<bool, Error> {
        Ok(self.agents().turn(caller, turn).await?.status == TurnStatus::WaitingForApproval)
    }
}

/// The approvals of a turn that have no answer.
fn open_approvals(events: &[LoggedEvent]) -> Vec<ApprovalId> {
    let mut open = Vec::new();
    for logged in events {
        match &*logged.event {
            TurnEvent::ApprovalRequested { approval, .. } => open.push(*approval),
            TurnEvent::ApprovalResolved { approval, .. } => open.retain(|asked| asked != approval),
            _ => {}
        }
    }
    open
}
