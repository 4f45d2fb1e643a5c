//! Deleting a session: for some days, in which it can be taken back, or at once.

use std::time::Duration;

use kontor_core::{
    caller::Caller,
    ids::{MemberId, SessionId, TurnId},
    time::Timestamp,
};
use kontor_store::{AuditEntry, BoxFuture, Tx};
use serde_json::json;

use crate::{
    access::{member_of, own},
    engine::Agents,
    error::Error,
    rows::{sent, sessions, turns},
    sessions::Session,
    sharing::target,
    stored::{LoggedEvent, TurnStatus},
    turns::cancel_waiting,
};

/// Days in which a deleted session can be taken back.
pub const DAYS_TO_TAKE_BACK: u32 = 30;
/// A chat that expired was used no longer ago than this before.
const USED_BEFORE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

impl Agents {
    /// Deletes a session of the caller's. What runs or waits in it is stopped first. It can be taken back for
    /// [`DAYS_TO_TAKE_BACK`], unless it is removed `at_once` with all that was said.
    pub async fn delete_session(&self, caller: &Caller, id: SessionId, at_once: bool) -> Result<(), Error> {
        let member = member_of(caller)?;
        let now = self.0.environment.now();
        let (environment, actor) = (self.0.environment.clone(), caller.actor());
        let namespace = self.namespace(caller.workspace).await?;
        self.0.jobs.announce(caller.workspace).await?;
        let stopped: Stopped = namespace
            .write((environment, actor), move |tx, (environment, actor)| {
                Box::pin(async move {
                    // One that is deleted already is removed for good by being deleted at once.
                    if !at_once || sessions::deleted(tx, id, member).await?.is_none() {
                        own(tx, id, member).await?;
                    }
                    let stopped = stop_all(tx, id, member, now).await?;
                    match at_once {
                        true => sessions::remove(tx, id).await?,
                        false => sessions::set_deleted(tx, id, Some(now)).await?,
                    }
                    // Not the title: what was said is to be gone.
                    let details = json!({ "at_once": at_once });
                    let entry = AuditEntry::new("session.deleted", target(id), details);
                    tx.audit(environment, now, actor, entry).await?;
                    Ok::<_, Error>(stopped)
                })
            })
            .await?;
        self.0.hub.publish(caller.workspace, id, &stopped.logged);
        for turn in stopped.asked {
            self.0.running.cancel(id, turn, member);
        }
        for turn in stopped.ended {
            self.turn_ended(caller.workspace, turn);
        }
        if !at_once {
            self.wake(caller.workspace, id);
        }
        Ok(())
    }

    /// Takes back a session that was deleted.
    pub async fn restore_session(&self, caller: &Caller, id: SessionId) -> Result<Session, Error> {
        let member = member_of(caller)?;
        let now = self.0.environment.now();
        let (environment, actor) = (self.0.environment.clone(), caller.actor());
        self.namespace(caller.workspace)
            .await?
            .write((environment, actor), move |tx, (environment, actor)| {
                Box::pin(async move {
                    if sessions::deleted(tx, id, member).await?.is_none() {
                        // One that is there is answered as it is.
                        return own(tx, id, member).await.map(drop);
                    }
                    sessions::set_deleted(tx, id, None).await?;
                    let entry = AuditEntry::new("session.restored", target(id), json!({}));
                    tx.audit(environment, now, actor, entry).await?;
                    Ok::<_, Error>(())
                })
            })
            .await?;
        self.session(caller, id).await
    }
}

/// What became of the turns of a session that is deleted.
#[derive(Default)]
struct Stopped {
    /// They run or are queued, and end as soon as who runs them hears of it.
    asked: Vec<TurnId>,
    /// They waited for an approval, and have ended.
    ended: Vec<TurnId>,
    logged: Vec<LoggedEvent>,
}

/// Stops what runs or waits in a session.
async fn stop_all(
    tx: &mut Tx<'_>,
    session: SessionId,
    by: MemberId,
    now: Timestamp,
) -> Result<Stopped, Error> {
    // Locks the session, so that no worker takes a turn up meanwhile.
    sessions::advance(tx, session, 0, now).await?;
    let mut stopped = Stopped::default();
    for turn in turns::open(tx, session).await? {
        if turn.status == TurnStatus::WaitingForApproval {
            stopped.logged.extend(cancel_waiting(tx, &turn, by, now).await?);
            stopped.ended.push(turn.id);
        } else {
            turns::request_cancel(tx, turn.id, by).await?;
            stopped.asked.push(turn.id);
        }
    }
    Ok(stopped)
}

/// Removes chats that expired before an instant, with all that was said in them.
pub fn prune_chats<'t>(
    tx: &'t mut Tx<'_>,
    before: Timestamp,
) -> BoxFuture<'t, Result<u64, kontor_store::Error>> {
    Box::pin(sessions::prune(tx, before))
}

/// Removes prompts and tools that models were sent, of which no chat is left: one expires some weeks after it was used
/// last.
pub fn prune_sent<'t>(
    tx: &'t mut Tx<'_>,
    before: Timestamp,
) -> BoxFuture<'t, Result<u64, kontor_store::Error>> {
    Box::pin(sent::prune(tx, before.minus(USED_BEFORE)))
}

/// Removes chats that were deleted before an instant.
pub fn prune_deleted_chats<'t>(
    tx: &'t mut Tx<'_>,
    before: Timestamp,
) -> BoxFuture<'t, Result<u64, kontor_store::Error>> {
    Box::pin(sessions::prune_deleted(tx, before))
}
