//! Approvals: a person decides whether an agent's call may run.

use futures::future::BoxFuture;
use kontor_core::{
    actor::Actor,
    caller::Caller,
    environment::Environment,
    error::Chain,
    ids::{ApprovalId, MemberId, SessionId, WorkspaceId},
    time::Timestamp,
    turn::TurnEvent,
};
use kontor_store::{
    AuditEntry, Namespace, Tx,
    jobs::{Job, JobError, JobRun},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    access::member_of,
    client_calls::{asked, decides_themselves},
    engine::Agents,
    error::Error,
    log,
    rows::{approvals as rows, client_approvals, turns},
    stored::{
        Approval, ApprovalStatus, Draft, EXPIRY_JOB, ListedApproval, LoggedEvent, TurnStatus, expiry_job,
    },
};

/// Characters of the comment on a decision.
pub const LONGEST_COMMENT: usize = 2_000;

/// The comment of an approval that expired: by it a denial that nobody spoke is told from one that somebody did.
pub const NOBODY_ANSWERED: &str = "Nobody answered in time.";

/// The answer to an approval.
#[derive(Debug, Clone, Deserialize)]
pub struct Decision {
    pub approved: bool,
    /// Told to the agent when the call is denied.
    #[serde(default)]
    pub comment: String,
}

/// An answer as it is written.
struct Answer {
    status: ApprovalStatus,
    by: MemberId,
    by_name: String,
    /// Who answered, for the audit.
    actor: Actor,
    comment: String,
    environment: Environment,
    now: Timestamp,
}

impl Agents {
    /// A member's approvals in all their sessions, the latest first; of one session and of one status where these are
    /// given.
    pub async fn approvals(
        &self,
        caller: &Caller,
        session: Option<SessionId>,
        status: Option<ApprovalStatus>,
    ) -> Result<Vec<ListedApproval>, Error> {
        let member = member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .read((member, session, status), |tx, &(member, session, status)| {
                Box::pin(rows::list(tx, member, session, status))
            })
            .await
    }

    /// One of the caller's approvals.
    ///
    /// # Errors
    /// [`Error::ApprovalNotFound`], also where it is another's.
    pub async fn approval(&self, caller: &Caller, approval: ApprovalId) -> Result<Approval, Error> {
        let member = member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let found = namespace
            .read((approval, member), |tx, &(approval, member)| Box::pin(rows::find(tx, approval, member)));
        found.await?.ok_or(Error::ApprovalNotFound(approval))
    }

    /// How many calls wait for the caller's word, of their agents and of programs.
    pub async fn approvals_waiting(&self, caller: &Caller) -> Result<u64, Error> {
        let (asked, now) = (asked(caller)?, self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        let counted = namespace.read((asked, now), |tx, &(asked, now)| {
            Box::pin(async move {
                let of_turns = rows::count_waiting(tx, asked.member).await?;
                Ok(of_turns + client_approvals::count_waiting(tx, asked, now).await?)
            })
        });
        counted.await
    }

    /// Answers an approval; the turn goes on. What the call may do is checked again when it runs.
    pub async fn resolve_approval(
        &self,
        caller: &Caller,
        approval: ApprovalId,
        decision: Decision,
    ) -> Result<Approval, Error> {
        let member = member_of(caller)?;
        decides_themselves(caller)?;
        check_comment(&decision.comment)?;
        let answer = Answer {
            status: if decision.approved { ApprovalStatus::Approved } else { ApprovalStatus::Denied },
            by: member,
            by_name: caller.actor().to_string(),
            actor: caller.actor(),
            comment: decision.comment,
            environment: self.0.environment.clone(),
            now: self.0.environment.now(),
        };
        let namespace = self.namespace(caller.workspace).await?;
        self.0.jobs.announce(caller.workspace).await?;
        let (approval, logged) = namespace
            .write(answer, move |tx, answer| {
                Box::pin(async move {
                    let found = rows::find(tx, approval, member).await?;
                    let found = found.ok_or(Error::ApprovalNotFound(approval))?;
                    if found.expires_at <= answer.now {
                        return Err(Error::ApprovalClosed);
                    }
                    resolve(tx, found, answer).await
                })
            })
            .await?;
        kontor_core::kill_point!("approval.resolved");
        self.0.hub.publish(caller.workspace, approval.session, &logged);
        self.wake(caller.workspace, approval.session);
        Ok(approval)
    }

    /// Denies what nobody answered in time, so that the turn goes on.
    async fn expire_approvals(&self, workspace: WorkspaceId) -> Result<(), Error> {
        let namespace = self.namespace(workspace).await?;
        let now = self.0.environment.now();
        let overdue = namespace.read(now, |tx, &now| Box::pin(rows::overdue(tx, now))).await?;
        let mut failed = None;
        for approval in overdue {
            let id = approval.id;
            match self.expire(workspace, &namespace, approval).await {
                // Somebody answered at the last moment.
                Ok(()) | Err(Error::ApprovalClosed) => {}
                // The others are not kept waiting by it.
                Err(error) => {
                    tracing::warn!(%workspace, approval = %id, error = %Chain(&error), "an approval could not be denied");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    async fn expire(
        &self,
        workspace: WorkspaceId,
        namespace: &Namespace,
        approval: Approval,
    ) -> Result<(), Error> {
        let answer = Answer {
            status: ApprovalStatus::Expired,
            by: approval.member,
            by_name: "Kontor".to_owned(),
            actor: Actor::SYSTEM,
            comment: NOBODY_ANSWERED.to_owned(),
            environment: self.0.environment.clone(),
            now: self.0.environment.now(),
        };
        let session = approval.session;
        let resolved = namespace.write((approval, answer), |tx, (approval, answer)| {
            Box::pin(resolve(tx, approval.clone(), answer))
        });
        let (_, logged) = resolved.await?;
        self.0.hub.publish(workspace, session, &logged);
        self.wake(workspace, session);
        Ok(())
    }
}

/// Denies the approvals of a workspace that nobody answered in time.
pub struct ExpireApprovals(pub Agents);

impl Job for ExpireApprovals {
    const NAME: &'static str = EXPIRY_JOB;
    /// Through a day on which the database is not well.
    const ATTEMPTS: u32 = 32;

    type Payload = ();

    fn run<'r>(&'r self, run: &'r JobRun, (): ()) -> BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            let Some(workspace) = run.namespace.id() else { return Ok(()) };
            self.0.expire_approvals(workspace).await.map_err(JobError::retry)?;
            // It may have been run before its time: as long as an approval waits, a job waits with it.
            let announced = self.0.0.jobs.announce(workspace).await?;
            let environment = run.environment.clone();
            let ended = run.finish(environment, move |tx, environment| {
                Box::pin(async move {
                    if let Some(expires_at) = rows::next_expiry(tx).await? {
                        tx.enqueue(environment, announced, &expiry_job(expires_at)).await?;
                    }
                    Ok::<_, Error>(())
                })
            });
            ended.await.map_err(JobError::retry)
        })
    }
}

pub(crate) fn check_comment(comment: &str) -> Result<(), Error> {
    if comment.chars().count() > LONGEST_COMMENT || comment.contains('\0') {
        let message = format!("A comment has at most {LONGEST_COMMENT} characters and no NUL characters.");
        return Err(Error::invalid("comment", "too_long", message));
    }
    Ok(())
}

async fn resolve(
    tx: &mut Tx<'_>,
    mut approval: Approval,
    answer: &Answer,
) -> Result<(Approval, Vec<LoggedEvent>), Error> {
    let Answer { status, by, by_name, actor, comment, environment, now } = answer;
    let resolved_by = (*status != ApprovalStatus::Expired).then_some(*by);
    if !rows::resolve(tx, approval.id, *status, resolved_by, comment, *now).await? {
        return Err(Error::ApprovalClosed);
    }
    let event = Draft::new(TurnEvent::ApprovalResolved {
        turn: approval.turn,
        step: approval.step,
        index: approval.index,
        approval: approval.id,
        approved: *status == ApprovalStatus::Approved,
        by: *by,
        by_name: by_name.clone(),
        comment: comment.clone(),
    })?;
    let logged = log::append_unleased(tx, approval.session, &[event], *now).await?;
    let (action, target) = (format!("approval.{}", status.word()), format!("approval:{}", approval.id));
    let details = json!({
        "operation": approval.operation,
        "arguments": approval.arguments,
        "question": approval.question,
        "comment": comment,
    });
    tx.audit(environment, *now, actor, AuditEntry::new(action, target, details)).await?;
    // Running without a lease: whoever takes the session up goes on with it.
    turns::set_status(tx, approval.turn, TurnStatus::Running, None).await?;
    approval.status = *status;
    approval.resolved_at = Some(*now);
    approval.comment.clone_from(comment);
    Ok((approval, logged))
}
