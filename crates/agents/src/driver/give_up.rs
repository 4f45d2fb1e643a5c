use kontor_core::{
    error::{Chain, Fault, Problem},
    ids::{MemberId, TurnId, WorkspaceId},
    time::Timestamp,
    turn::TurnEvent,
};
use kontor_store::Namespace;

use super::lease;
use crate::{
    engine::Agents,
    error::Error,
    log,
    machine::State,
    rows::{
        approvals,
        sessions::{AfterAppend, Lease},
        turns,
    },
    stored::{Draft, TurnStatus},
};

/// The end of a turn that cannot go on. It needs the lease alone, so that no turn is taken up for ever; of the log it
/// tells what was done, where that can be read.
pub(super) struct GiveUp<'a> {
    agents: &'a Agents,
    workspace: WorkspaceId,
    namespace: Namespace,
    lease: Lease,
    turn: TurnId,
    member: MemberId,
    deadline: Timestamp,
}

impl<'a> GiveUp<'a> {
    pub(super) fn new(
        agents: &'a Agents,
        workspace: WorkspaceId,
        namespace: &Namespace,
        taken: &lease::Turn,
    ) -> Self {
        Self {
            agents,
            workspace,
            namespace: namespace.clone(),
            lease: taken.lease,
            turn: taken.row.id,
            member: taken.row.member,
            deadline: taken.deadline,
        }
    }

    pub(super) fn is_too_late(&self) -> bool {
        self.agents.0.environment.now() >= self.deadline
    }

    /// Whether taking the turn up again cannot help: the fault is not one of the moment, or the turn's time is
    /// over.
    pub(super) fn is_due(&self, error: &Error) -> bool {
        let is_interrupted = matches!(error, Error::LeaseLost | Error::Stopping);
        !is_interrupted && (!error.problem().kind.is_transient() || self.is_too_late())
    }

    /// Ends the turn; whether more turns of the session wait.
    pub(super) async fn end(&self, problem: Problem) -> Result<bool, Error> {
        let (lease, turn, member) = (self.lease, self.turn, self.member);
        let now = self.agents.0.environment.now();
        let state = lease::state(&self.namespace, lease.session, turn).await.unwrap_or_else(|error| {
            tracing::warn!(%turn, error = %Chain(&error), "what a failed turn had done cannot be told");
            State::new(turn)
        });
        let failed = state.failed(problem);
        let (logged, more) = self
            .namespace
            .write(failed, move |tx, failed| {
                Box::pin(async move {
                    let row = turns::find(tx, turn, member).await?.ok_or(Error::TurnNotFound(turn))?;
                    // A commit whose answer was lost may have ended it or let go of it.
                    if row.status != TurnStatus::Running {
                        return Ok((Vec::new(), true));
                    }
                    let (event, status, told) = if row.cancel_requested {
                        let event = TurnEvent::TurnCancelled { turn, by: row.cancelled_by };
                        (event, TurnStatus::Cancelled, None)
                    } else {
                        let told = match failed {
                            TurnEvent::TurnFailed { problem, .. } => Some(problem),
                            _ => None,
                        };
                        (failed.clone(), TurnStatus::Failed, told)
                    };
                    let drafts = [Draft::new(event)?];
                    let logged = log::append_leased(tx, &lease, AfterAppend::Released, &drafts, now).await?;
                    turns::end(tx, turn, status, told, now).await?;
                    approvals::close(tx, turn, now).await?;
                    Ok::<_, Error>((logged, turns::first_open(tx, lease.session).await?.is_some()))
                })
            })
            .await?;
        self.agents.0.hub.publish(self.workspace, self.lease.session, &logged);
        self.agents.turn_ended(self.workspace, turn);
        Ok(more)
    }
}
