use kontor_core::{
    environment::Environment,
    error::Problem,
    ids::{AgentId, TurnId},
    time::Timestamp,
    turn::TurnEvent,
};
use kontor_store::{Tx, jobs::Announced};

use super::Run;
use crate::{
    error::Error,
    log,
    machine::End,
    rows::{approvals, sessions::AfterAppend, turns},
    stored::{Approval, ApprovalStatus, Draft, LoggedEvent, TurnStatus, expiry_job},
};

/// With what a turn lets go of its session.
pub(super) enum Ending {
    Turn(End),
    /// It waits for an answer.
    Wait,
}

/// What is committed last.
struct Last {
    drafts: Vec<Draft>,
    problem: Option<Problem>,
    /// The agent that has the turn, and approvals asked for now.
    agent: AgentId,
    asked: Vec<Approval>,
    /// Where any are.
    announced: Option<Announced>,
    environment: Environment,
    /// Approvals that the machine knows to be unanswered.
    waiting: usize,
    has_approvals: bool,
}

impl Last {
    /// Waits; whether an answer came meanwhile, so that there is something to run.
    async fn wait(&self, tx: &mut Tx<'_>, turn: TurnId) -> Result<bool, Error> {
        if !self.asked.is_empty() {
            approvals::insert(tx, self.agent, &self.asked).await?;
        }
        if let (Some(announced), Some(first)) = (self.announced, self.asked.first()) {
            let expiry = expiry_job(first.expires_at);
            tx.enqueue(&self.environment, announced, &expiry).await?;
        }
        if approvals::count_pending(tx, turn).await? < self.waiting {
            turns::set_status(tx, turn, TurnStatus::Running, None).await?;
            return Ok(true);
        }
        turns::set_status(tx, turn, TurnStatus::WaitingForApproval, None).await?;
        Ok(false)
    }
}

impl Run<'_> {
    /// Makes what was appended durable and tells it to followers.
    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let now = self.agents.0.environment.now();
        let lease = self.renewed(now);
        let drafts = self.drafts()?;
        let logged = self
            .namespace
            .write((lease, drafts, now), |tx, (lease, drafts, now)| {
                Box::pin(log::append_leased(tx, lease, AfterAppend::Renewed, drafts, *now))
            })
            .await?;
        kontor_core::kill_point!("step.committed");
        self.committed(&logged);
        Ok::<_, Error>(())
    }

    /// Takes note of what was committed, and tells it.
    pub(super) fn committed(&mut self, logged: &[LoggedEvent]) {
        if let Some(last) = logged.last() {
            self.last_seq = last.seq;
            self.kept();
        }
        self.handle.publish(logged);
    }

    /// Ends the lease with what was appended; whether there is more to run in the session.
    pub(super) async fn end(&mut self, ending: Ending) -> Result<bool, Error> {
        let now = self.agents.0.environment.now();
        let lease = self.renewed(now);
        let turn = self.turn;
        let problem = self.pending.iter().find_map(|event| match event {
            TurnEvent::TurnFailed { problem, .. } => Some(problem.clone()),
            _ => None,
        });
        let asked = self.asked(now);
        let mut announced = None;
        if !asked.is_empty() {
            announced = Some(self.agents.0.jobs.announce(self.workspace).await?);
        }
        let waiting = self.waiting();
        let has_approvals =
            self.state.steps.iter().flat_map(|step| &step.calls).any(|c| c.approval.is_some());
        let end = Last {
            drafts: self.drafts()?,
            problem,
            agent: self.agent,
            asked,
            announced,
            environment: self.agents.0.environment.clone(),
            waiting,
            has_approvals,
        };
        let status = match ending {
            Ending::Turn(End::Completed) => TurnStatus::Completed,
            Ending::Turn(End::Failed) => TurnStatus::Failed,
            Ending::Turn(End::Cancelled) => TurnStatus::Cancelled,
            Ending::Wait => TurnStatus::WaitingForApproval,
        };
        metrics::counter!("agent_turns_total", "status" => status.word()).increment(1);
        let (logged, more) = self
            .namespace
            .write(end, move |tx, end| {
                Box::pin(async move {
                    let logged =
                        log::append_leased(tx, &lease, AfterAppend::Released, &end.drafts, now).await?;
                    let more = if status == TurnStatus::WaitingForApproval {
                        end.wait(tx, turn).await?
                    } else {
                        turns::end(tx, turn, status, end.problem.as_ref(), now).await?;
                        if end.has_approvals {
                            approvals::close(tx, turn, now).await?;
                        }
                        turns::first_open(tx, lease.session).await?.is_some()
                    };
                    Ok::<_, Error>((logged, more))
                })
            })
            .await?;
        kontor_core::kill_point!("turn.put_down");
        self.committed(&logged);
        if status != TurnStatus::WaitingForApproval {
            self.agents.turn_ended(self.workspace, turn);
        }
        Ok(more)
    }

    /// The approvals among what was appended.
    fn asked(&self, now: Timestamp) -> Vec<Approval> {
        let expires_at = now.plus(self.agents.0.settings.approval_lifetime);
        let asked = self.pending.iter().filter_map(|event| match event {
            TurnEvent::ApprovalRequested { turn, step, index, approval, operation, arguments, question } => {
                Some(Approval {
                    id: *approval,
                    session: self.session.id,
                    turn: *turn,
                    member: self.member,
                    step: *step,
                    index: *index,
                    operation: operation.clone(),
                    arguments: arguments.clone(),
                    why: question.reason.words(),
                    question: question.clone(),
                    status: ApprovalStatus::Pending,
                    requested_at: now,
                    expires_at,
                    resolved_at: None,
                    comment: String::new(),
                })
            }
            _ => None,
        });
        asked.collect()
    }

    fn waiting(&self) -> usize {
        let calls = self.state.steps.iter().flat_map(|step| &step.calls);
        calls.filter_map(|call| call.approval.as_ref()).filter(|approval| approval.answer.is_none()).count()
    }
}
