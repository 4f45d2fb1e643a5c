//! The tryouts that are open in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use kontor_agents::{AgentName, NewSession, NewTryout, TryoutSubject};
use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::Chain,
    grants::Permission,
    ids::{MemberId, WorkspaceId},
};
use kontor_crm::CopyBounds;
use uuid::Uuid;

use super::{Error, Tryout, TryoutSummary, tryout::Rights};
use crate::sandbox::{CopyOf, Sandboxes, Source};

/// How often it is looked whether whoever follows a tryout still may.
const RECHECK: Duration = Duration::from_secs(5);

/// How many tryouts there may be, how long, and how much of a workspace each copies.
#[derive(Debug, Clone, Copy)]
pub struct TryoutLimits {
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

impl Default for TryoutLimits {
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

/// The tryouts of this process. Cloning is cheap.
#[derive(Clone)]
pub struct Tryouts(Arc<Inner>);

struct Inner {
    sandboxes: Sandboxes,
    source: Source,
    environment: Environment,
    limits: TryoutLimits,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    tryouts: HashMap<Uuid, Arc<Tryout>>,
    /// Those that are being made, by whose they are.
    making: Vec<Owner>,
}

/// Whose a tryout is.
type Owner = (WorkspaceId, MemberId);

/// A place for a tryout that is being made.
struct Making<'t>(&'t Tryouts, Owner);

impl Drop for Making<'_> {
    fn drop(&mut self) {
        let mut open = self.0.open();
        if let Some(place) = open.making.iter().position(|owner| *owner == self.1) {
            open.making.swap_remove(place);
        }
    }
}

impl Tryouts {
    pub fn new(sandboxes: Sandboxes, source: Source, environment: Environment, limits: TryoutLimits) -> Self {
        Self(Arc::new(Inner { sandboxes, source, environment, limits, open: Mutex::default() }))
    }

    /// Begins a tryout of an agent's prompt, in a copy of the workspace as it is now.
    ///
    /// # Errors
    /// Without the permission `prompts`; what is wrong with what is asked for; [`Error::TooMany`].
    pub async fn begin(&self, caller: &Caller, agent: &str, asked: NewTryout) -> Result<Arc<Tryout>, Error> {
        caller.require(Permission::Prompts)?;
        let member = caller.member().ok_or(kontor_agents::Error::NotAMember)?;
        let (owner, of_member) = ((caller.workspace, member), self.0.limits.of_member.max(1));
        let agents = &self.0.source.agents;
        let subject = agents.tryout_subject(caller, agent, asked).await?;
        self.end_unused().await;
        self.keep_latest(owner, of_member - 1).await;
        let _making = self.enter(owner)?;
        let tryout = Arc::new(self.make(caller, member, subject).await?);
        self.open().tryouts.insert(tryout.id, tryout.clone());
        // Others of theirs may have begun meanwhile.
        self.keep_latest(owner, of_member).await;
        Ok(tryout)
    }

    async fn make(&self, caller: &Caller, owner: MemberId, subject: TryoutSubject) -> Result<Tryout, Error> {
        let Inner { sandboxes, source, environment, limits, .. } = &*self.0;
        let TryoutSubject { agent, body, member, grants, record } = subject;
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
        Ok(Tryout {
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

    /// A tryout of the caller's.
    ///
    /// # Errors
    /// Without the permission `prompts`, or [`Error::RightsChanged`], with both of which it has ended;
    /// [`Error::NotFound`].
    pub async fn find(&self, caller: &Caller, agent: &str, id: Uuid) -> Result<Arc<Tryout>, Error> {
        let theirs = self.open().tryouts.get(&id).filter(|tryout| tryout.is_of(caller)).cloned();
        if let Err(lacking) = caller.require(Permission::Prompts) {
            if let Some(tryout) = theirs {
                self.remove(&tryout).await;
            }
            return Err(lacking.into());
        }
        let tryout = theirs.ok_or(Error::NotFound)?;
        let is_named = tryout.agent.name == agent || tryout.agent.id.to_string() == agent;
        if !is_named || self.is_over(&tryout) {
            return Err(Error::NotFound);
        }
        if !self.has_same_rights(caller, &tryout).await? {
            self.remove(&tryout).await;
            return Err(Error::RightsChanged);
        }
        tryout.touch(self.0.environment.now());
        Ok(tryout)
    }

    /// The caller's tryouts of an agent, the latest first.
    ///
    /// # Errors
    /// Without the permission `prompts`; where there is no such agent.
    pub async fn list(&self, caller: &Caller, agent: &str) -> Result<Vec<TryoutSummary>, Error> {
        caller.require(Permission::Prompts)?;
        let agent = self.0.source.agents.agent_by_name(caller, agent).await?;
        let mut tryouts = self.those(|tryout| tryout.is_of(caller) && tryout.agent.id == agent.id);
        tryouts.retain(|tryout| !self.is_over(tryout));
        tryouts.sort_by_key(|tryout| std::cmp::Reverse(tryout.created_at));
        Ok(tryouts.iter().map(|tryout| tryout.summary()).collect())
    }

    /// Ends a tryout and removes its copy.
    ///
    /// # Errors
    /// As [`Tryouts::find`].
    pub async fn end(&self, caller: &Caller, agent: &str, id: Uuid) -> Result<(), Error> {
        let tryout = self.find(caller, agent, id).await?;
        self.remove(&tryout).await;
        Ok(())
    }

    /// Waits until a tryout is over, or whoever tries may not do so any more.
    pub fn until_over(&self, tryout: &Arc<Tryout>) -> BoxFuture<'static, ()> {
        // Not the tryout itself, which its followers must not keep.
        let (tryouts, id) = (self.clone(), tryout.id);
        Box::pin(async move {
            loop {
                tokio::time::sleep(RECHECK).await;
                let Some(tryout) = tryouts.open().tryouts.get(&id).cloned() else { return };
                if tryouts.is_over(&tryout) || !tryouts.is_allowed(&tryout).await {
                    tryouts.remove(&tryout).await;
                    return;
                }
                // Whoever follows it uses it.
                tryout.touch(tryouts.0.environment.now());
            }
        })
    }

    /// Ends what nobody uses, what has lasted as long as it may, and what is of somebody who may not have it any more;
    /// to be called from time to time.
    pub async fn tidy(&self) {
        self.end_unused().await;
        for tryout in self.those(|_| true) {
            if !self.is_allowed(&tryout).await {
                self.remove(&tryout).await;
            }
        }
    }

    async fn end_unused(&self) {
        for tryout in self.those(|tryout| self.is_over(tryout)) {
            self.remove(&tryout).await;
        }
    }

    /// Removes what processes left that are gone.
    pub fn sweep(&self) {
        self.0.sandboxes.sweep();
    }

    /// Ends all.
    pub async fn close(&self) {
        let all: Vec<_> = self.open().tryouts.drain().map(|(_, tryout)| tryout).collect();
        for tryout in all {
            close(tryout).await;
        }
    }

    fn is_over(&self, tryout: &Tryout) -> bool {
        let now = self.0.environment.now();
        now >= tryout.expires_at || now.since(tryout.used_at()) >= self.0.limits.idle
    }

    /// Whether whoever began a tryout may still have it.
    async fn is_allowed(&self, tryout: &Tryout) -> bool {
        let found = self.0.source.identity.caller_of_member(tryout.workspace, tryout.owner).await;
        match found {
            Ok(owner) if owner.require(Permission::Prompts).is_ok() => {
                self.has_same_rights(&owner, tryout).await.unwrap_or(false)
            }
            Ok(_) => false,
            Err(error) => {
                tracing::debug!(error = %Chain(&error), "a tryout ends: its member cannot be read");
                false
            }
        }
    }

    /// Whether both may do what they might when the copy was made.
    async fn has_same_rights(&self, owner: &Caller, tryout: &Tryout) -> Result<bool, Error> {
        let [of_owner, of_member] = &tryout.rights;
        if Rights::of(owner) != *of_owner {
            return Ok(false);
        }
        if tryout.member == tryout.owner {
            return Ok(true);
        }
        match self.0.source.identity.caller_of_member(tryout.workspace, tryout.member).await {
            Ok(member) => Ok(Rights::of(&member) == *of_member),
            Err(kontor_identity::Error::MemberInactive | kontor_identity::Error::MemberNotFound) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the tryouts of a member that they used longest ago, but for a number of them.
    async fn keep_latest(&self, owner: Owner, kept: usize) {
        let mut theirs = self.those(|tryout| (tryout.workspace, tryout.owner) == owner);
        theirs.sort_by_key(|tryout| (tryout.used_at(), tryout.id));
        let surplus = theirs.len().saturating_sub(kept);
        for tryout in theirs.into_iter().take(surplus) {
            self.remove(&tryout).await;
        }
    }

    fn enter(&self, owner: Owner) -> Result<Making<'_>, Error> {
        let limits = self.0.limits;
        let mut open = self.open();
        let making =
            |is_counted: &dyn Fn(&Owner) -> bool| open.making.iter().filter(|it| is_counted(it)).count();
        let of_workspace = open.tryouts.values().filter(|tryout| tryout.workspace == owner.0).count()
            + making(&|(workspace, _)| *workspace == owner.0);
        // Those of theirs that are open make room for others; those that are being made cannot.
        let is_full = making(&|it| *it == owner) >= limits.of_member.max(1)
            || of_workspace >= limits.of_workspace
            || open.tryouts.len() + open.making.len() >= limits.total;
        if is_full {
            return Err(Error::TooMany);
        }
        open.making.push(owner);
        Ok(Making(self, owner))
    }

    fn those(&self, are_meant: impl Fn(&Tryout) -> bool) -> Vec<Arc<Tryout>> {
        self.open().tryouts.values().filter(|tryout| are_meant(tryout)).cloned().collect()
    }

    async fn remove(&self, tryout: &Arc<Tryout>) {
        let removed = self.open().tryouts.remove(&tryout.id);
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
async fn close(tryout: Arc<Tryout>) {
    if let Some(tryout) = Arc::into_inner(tryout) {
        tryout.sandbox.close().await;
    }
}
