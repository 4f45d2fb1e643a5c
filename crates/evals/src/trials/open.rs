//! The trials that are open in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use kontor_agents::{AgentName, NewSession, NewTrial, TrialSubject};
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::Chain,
    grants::Permission,
    ids::{MemberId, WorkspaceId},
};
use kontor_crm::CopyBounds;
use uuid::Uuid;

use super::{Error, Trial, TrialSummary, trial::Rights};
use crate::sandbox::{CopyOf, Sandboxes, Source};

/// How often it is looked whether whoever follows a trial still may.
const RECHECK: Duration = Duration::from_secs(5);

/// How many trials there may be, how long, and how much of a workspace each copies.
#[derive(Debug, Clone, Copy)]
pub struct TrialLimits {
    /// Of one member; a further one ends the one that they used longest ago.
    pub of_member: usize,
    pub of_workspace: usize,
    /// In this process.
    pub total: usize,
    /// How long one lasts at most.
    pub lasts: Duration,
    /// How long one is kept that nobody uses.
    pub idle: Duration,
    pub bounds: CopyBounds,
}

impl Default for TrialLimits {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            of_member: 2,
            of_workspace: 10,
            total: 40,
            lasts: 120 * MINUTE,
            idle: 20 * MINUTE,
            bounds: CopyBounds { of_each_object: 1_000, records: 5_000, bytes: 16 << 20 },
        }
    }
}

/// The trials of this process. Cloning is cheap.
#[derive(Clone)]
pub struct Trials(Arc<Inner>);

struct Inner {
    sandboxes: Sandboxes,
    source: Source,
    environment: Environment,
    limits: TrialLimits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    trials: HashMap<Uuid, Arc<Trial>>,
    /// Those that are being made, by their workspace.
    making: Vec<WorkspaceId>,
}

/// A place for a trial that is being made.
struct Making<'t>(&'t Trials, WorkspaceId);

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let mut open = self.0.open();
        if let Some(place) = open.making.iter().position(|workspace| *workspace == self.1) {
            open.making.swap_remove(place);
        }
    }
}

impl Trials {
    pub fn new(sandboxes: Sandboxes, source: Source, environment: Environment, limits: TrialLimits) -> Self {
        Self(Arc::new(Inner { sandboxes, source, environment, limits, open: Mutex::default() }))
    }

    /// Begins a trial of an agent's prompt, in a copy of the workspace as it is now.
    ///
    /// # Errors
    /// Without the permission `prompts`; what is wrong with what is asked for; [`Error::TooMany`].
    pub async fn begin(&self, caller: &Caller, agent: &str, asked: NewTrial) -> Result<Arc<Trial>, Error> {
        caller.require(Permission::Prompts)?;
        let owner = caller.member().ok_or(kontor_agents::Error::NotAMember)?;
        let agents = &self.0.source.agents;
        let subject = agents.trial_subject(caller, agent, asked).await?;
        self.make_room(caller.workspace, owner).await;
        let _making = self.enter(caller.workspace)?;
        let trial = Arc::new(self.make(caller, owner, subject).await?);
        self.open().trials.insert(trial.id, trial.clone());
        Ok(trial)
    }

    async fn make(&self, caller: &Caller, owner: MemberId, subject: TrialSubject) -> Result<Trial, Error> {
        let Inner { sandboxes, source, environment, limits, .. } = &*self.0;
        let TrialSubject { agent, body, member, grants, record } = subject;
        let acts_for = member.member().ok_or(kontor_agents::Error::NotAMember)?;
        let rights = [Rights::of(caller), Rights::of(&member)];
        let account = source.agents.account_of(caller.workspace, owner);
        let what = CopyOf {
            // Of another's eyes nothing is borrowed: what the caller may not read stays behind.
            reader: if acts_for == owner { Caller::system(caller.workspace) } else { caller.clone() },
            member,
            grants,
            agent: (agent.name.clone(), agent.id),
            prompt: body,
            record: record.clone(),
            bounds: limits.bounds,
            account: Some(account),
        };
        let (sandbox, copied) = sandboxes.copy(source, what, environment.clone()).await?;
        let acting = sandbox.caller().await?;
        let AgentName { name, .. } = &agent;
        let new = NewSession { agent: Some(name.clone()), title: None, context: record };
        let session = sandbox.agents().create_session(&acting, new).await?.id;
        let now = environment.now();
        Ok(Trial {
            id: environment.new_id(),
            workspace: caller.workspace,
            owner,
            agent,
            member: acts_for,
            session,
            caller: acting,
            sandbox,
            copied,
            rights,
            created_at: now,
            expires_at: now.plus(limits.lasts),
            used_at: Mutex::new(now),
        })
    }

    /// A trial of the caller's.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::NotFound`]; [`Error::RightsChanged`], with which it has ended.
    pub async fn find(&self, caller: &Caller, agent: &str, id: Uuid) -> Result<Arc<Trial>, Error> {
        caller.require(Permission::Prompts)?;
        let trial = self.open().trials.get(&id).cloned().ok_or(Error::NotFound)?;
        let is_named = trial.agent.name == agent || trial.agent.id.to_string() == agent;
        let is_theirs = trial.workspace == caller.workspace && Some(trial.owner) == caller.member();
        if !is_theirs || !is_named || self.is_over(&trial) {
            return Err(Error::NotFound);
        }
        if !self.has_same_rights(caller, &trial).await? {
            self.remove(&trial).await;
            return Err(Error::RightsChanged);
        }
        trial.touch(self.0.environment.now());
        Ok(trial)
    }

    /// The caller's trials of an agent, the latest first.
    ///
    /// # Errors
    /// Without the permission `prompts`; where there is no such agent.
    pub async fn list(&self, caller: &Caller, agent: &str) -> Result<Vec<TrialSummary>, Error> {
        caller.require(Permission::Prompts)?;
        let agent = self.0.source.agents.agent_by_name(caller, agent).await?;
        let mut trials = self.of_member(caller.workspace, caller.member());
        trials.retain(|trial| trial.agent.id == agent.id && !self.is_over(trial));
        trials.sort_by_key(|trial| std::cmp::Reverse(trial.created_at));
        Ok(trials.iter().map(|trial| trial.summary()).collect())
    }

    /// Ends a trial and removes its copy.
    ///
    /// # Errors
    /// As [`Trials::find`].
    pub async fn end(&self, caller: &Caller, agent: &str, id: Uuid) -> Result<(), Error> {
        let trial = self.find(caller, agent, id).await?;
        self.remove(&trial).await;
        Ok(())
    }

    /// Waits until a trial is over, or whoever tries may not do so any more.
    pub fn until_over(&self, trial: &Arc<Trial>) -> BoxFuture<'static, ()> {
        // Not the trial itself, which its followers must not keep.
        let (trials, id) = (self.clone(), trial.id);
        Box::pin(async move {
            loop {
                tokio::time::sleep(RECHECK).await;
                let Some(trial) = trials.open().trials.get(&id).cloned() else { return };
                if trials.is_over(&trial) || !trials.is_allowed(&trial).await {
                    trials.remove(&trial).await;
                    return;
                }
                // Whoever follows it uses it.
                trial.touch(trials.0.environment.now());
            }
        })
    }

    /// Ends what nobody uses and what has lasted as long as it may; to be called from time to time.
    pub async fn tidy(&self) {
        let over: Vec<_> = {
            let open = self.open();
            open.trials.values().filter(|trial| self.is_over(trial)).cloned().collect()
        };
        for trial in over {
            self.remove(&trial).await;
        }
    }

    /// Removes what processes left that are gone.
    pub fn sweep(&self) {
        self.0.sandboxes.sweep();
    }

    /// Ends all.
    pub async fn close(&self) {
        let all: Vec<_> = self.open().trials.drain().map(|(_, trial)| trial).collect();
        for trial in all {
            close(trial).await;
        }
    }

    fn is_over(&self, trial: &Trial) -> bool {
        let now = self.0.environment.now();
        now >= trial.expires_at || now.since(trial.used_at()) >= self.0.limits.idle
    }

    /// Whether whoever began a trial may still have it.
    async fn is_allowed(&self, trial: &Trial) -> bool {
        let found = self.0.source.identity.caller_of_member(trial.workspace, trial.owner).await;
        match found {
            Ok(owner) if owner.require(Permission::Prompts).is_ok() => {
                self.has_same_rights(&owner, trial).await.unwrap_or(false)
            }
            Ok(_) => false,
            Err(error) => {
                tracing::debug!(error = %Chain(&error), "a trial ends: its member cannot be read");
                false
            }
        }
    }

    /// Whether both may do what they might when the copy was made.
    async fn has_same_rights(&self, owner: &Caller, trial: &Trial) -> Result<bool, Error> {
        let [of_owner, of_member] = &trial.rights;
        if Rights::of(owner) != *of_owner {
            return Ok(false);
        }
        if trial.member == trial.owner {
            return Ok(true);
        }
        match self.0.source.identity.caller_of_member(trial.workspace, trial.member).await {
            Ok(member) => Ok(Rights::of(&member) == *of_member),
            Err(kontor_identity::Error::MemberInactive | kontor_identity::Error::MemberNotFound) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the trials that a member used longest ago, so that they may have one more.
    async fn make_room(&self, workspace: WorkspaceId, owner: MemberId) {
        self.tidy().await;
        let mut theirs = self.of_member(workspace, Some(owner));
        theirs.sort_by_key(|trial| trial.used_at());
        let over = (theirs.len() + 1).saturating_sub(self.0.limits.of_member.max(1));
        for trial in theirs.into_iter().take(over) {
            self.remove(&trial).await;
        }
    }

    fn enter(&self, workspace: WorkspaceId) -> Result<Making<'_>, Error> {
        let limits = self.0.limits;
        let mut open = self.open();
        let of_workspace = open.trials.values().filter(|trial| trial.workspace == workspace).count()
            + open.making.iter().filter(|making| **making == workspace).count();
        if of_workspace >= limits.of_workspace || open.trials.len() + open.making.len() >= limits.total {
            return Err(Error::TooMany);
        }
        open.making.push(workspace);
        Ok(Making(self, workspace))
    }

    fn of_member(&self, workspace: WorkspaceId, member: Option<MemberId>) -> Vec<Arc<Trial>> {
        let open = self.open();
        let theirs =
            open.trials.values().filter(|trial| trial.workspace == workspace && Some(trial.owner) == member);
        theirs.cloned().collect()
    }

    async fn remove(&self, trial: &Arc<Trial>) {
        let removed = self.open().trials.remove(&trial.id);
        if let Some(removed) = removed {
            removed.sandbox.stop();
            close(removed).await;
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes a copy: now, or when whoever is being answered from it has been.
async fn close(trial: Arc<Trial>) {
    if let Some(trial) = Arc::into_inner(trial) {
        trial.sandbox.close().await;
    }
}
