//! Members who go, and their records: the change of a member, and the job that hands records over. It stands here
//! because it needs both who may act and what records are.

use kontor_core::{caller::Caller, error::Fault as _, ids::MemberId};
use kontor_crm::HandOverOf;
use kontor_identity::{
    Error as IdentityError, HAND_OVER_JOB, HandOverProgress, HandOverState, MemberPatch, MemberSummary,
};
use kontor_store::{
    Error as StoreError,
    jobs::{Job, JobError, JobRun},
};
use uuid::Uuid;

use crate::{engine::Agents, error::Error};

impl Agents {
    /// Changes a member of the caller's workspace. What is to be handed over is, by a job, as the caller.
    ///
    /// # Errors
    /// As [`Identity::change_member`](kontor_identity::Identity::change_member).
    pub async fn change_member(
        &self,
        caller: &Caller,
        member: MemberId,
        patch: MemberPatch,
    ) -> Result<MemberSummary, Error> {
        let announced = match patch.hand_over_to {
            Some(_) => Some(self.0.jobs.announce(caller.workspace).await?),
            None => None,
        };
        let changed = self.0.identity.change_member(caller, member, patch, announced).await?;
        if announced.is_some() {
            self.0.jobs.wake(caller.workspace);
        }
        Ok(changed)
    }
}

/// Hands the records of a member over, some in a transaction, which also says where to go on.
pub struct HandOver(pub Agents);

impl Job for HandOver {
    const NAME: &'static str = HAND_OVER_JOB;

    type Payload = Uuid;

    fn run<'r>(&'r self, run: &'r JobRun, id: Uuid) -> futures::future::BoxFuture<'r, Result<(), JobError>> {
        Box::pin(async move {
            let Some(workspace) = run.namespace.id() else { return Ok(()) };
            let system = Caller::system(workspace);
            loop {
                // Each time anew, since whoever asked for it may be allowed less by now.
                let caller = match self.0.0.identity.hand_over_caller(&system, id).await {
                    Ok(Some(caller)) => caller,
                    Ok(None) => break,
                    Err(error @ (IdentityError::MemberInactive | IdentityError::MemberNotFound)) => {
                        let why = error.problem().message;
                        self.give_up(run, id, format!("Whoever asked for it may not act any more: {why}"))
                            .await?;
                        break;
                    }
                    Err(error) => return self.fail(run, id, JobError::retry(error)).await,
                };
                match self.some(run, id, caller).await {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(error) => return self.fail(run, id, error).await,
                }
            }
            run.finish((), |_, ()| Box::pin(std::future::ready(Ok::<_, StoreError>(())))).await?;
            Ok(())
        })
    }
}

impl HandOver {
    /// Hands some records over; whether all are.
    async fn some(&self, run: &JobRun, id: Uuid, caller: Caller) -> Result<bool, JobError> {
        let now = run.environment.now();
        let ended: Result<bool, Error> = run
            .namespace
            .write((self.0.0.crm.clone(), caller), move |tx, (crm, caller)| {
                Box::pin(async move {
                    let Some(mut progress) = HandOverProgress::find(tx, id).await? else { return Ok(true) };
                    if progress.state != HandOverState::Running {
                        return Ok(true);
                    }
                    if let Some(why) = progress.is_over(tx).await? {
                        progress.state = HandOverState::Failed;
                        progress.problem = Some(why.to_owned());
                        progress.write(tx, now).await?;
                        return Ok(true);
                    }
                    let of = HandOverOf { from: progress.from, to: progress.to };
                    let done = crm.hand_over(tx, caller, of, progress.place.as_deref(), now).await?;
                    progress.handed_over += done.handed_over;
                    progress.left_over += done.left_over;
                    progress.has_hidden |= done.has_hidden;
                    progress.place = done.place;
                    if progress.place.is_none() {
                        progress.state = HandOverState::Done;
                    }
                    progress.write(tx, now).await?;
                    Ok(progress.place.is_none())
                })
            })
            .await;
        ended.map_err(JobError::retry)
    }

    /// What an attempt that failed leaves. After the last one the hand-over is over too, so that another can begin.
    async fn fail(&self, run: &JobRun, id: Uuid, error: JobError) -> Result<(), JobError> {
        if run.attempt >= Self::ATTEMPTS {
            self.give_up(run, id, "It failed again and again; the job says why.".to_owned()).await?;
        }
        Err(error)
    }

    async fn give_up(&self, run: &JobRun, id: Uuid, why: String) -> Result<(), JobError> {
        let now = run.environment.now();
        let given_up: Result<(), Error> = run
            .namespace
            .write(why, move |tx, why| {
                Box::pin(async move {
                    if let Some(mut progress) = HandOverProgress::find(tx, id).await? {
                        progress.state = HandOverState::Failed;
                        progress.problem = Some(why.clone());
                        progress.write(tx, now).await?;
                    }
                    Ok(())
                })
            })
            .await;
        given_up.map_err(JobError::retry)
    }
}
