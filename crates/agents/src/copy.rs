//! The agents of a workspace, taken to be put into a copy of it, and what a prompt is tried with there.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use futures::future::BoxFuture;
use kontor_core::{
    actor::Actor,
    caller::Caller,
    environment::Environment,
    grants::{Grants, Permission},
    ids::{AgentId, MemberId, SessionId, TurnId, WorkspaceId},
    time::Timestamp,
    turn::AgentName,
    usage::{Spent, StepUsage},
};
use kontor_store::{TableRows, Tx};
use sea_query::{Alias, Asterisk, Expr, ExprTrait as _, JoinType, Query};
use serde::Deserialize;

use crate::{
    access::member_of,
    account::Account,
    definition::Definition,
    driver::Spender,
    engine::Agents,
    error::Error,
    limits::AgentSettings,
    preview::PreviewRecord,
    prompts,
    rows::{
        agents,
        usage::{self, ForeignUsage},
    },
    sessions::SessionContext,
};

/// The agents of a workspace as they are now, with the prompts that they use.
pub struct TakenAgents(Vec<TableRows>);

/// A prompt that is tried.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewTryout {
    /// A version of the prompt; without one and without a body, the one that live traffic uses.
    pub version: Option<i64>,
    /// A prompt that is not saved.
    pub body: Option<String>,
    /// For whom it acts, by id; without one, the caller.
    pub member: Option<String>,
    /// What they look at.
    pub record: Option<PreviewRecord>,
}

/// What a tryout is made of.
#[derive(Debug, Clone)]
pub struct TryoutSubject {
    pub agent: AgentName,
    /// What the agent is told in the tryout.
    pub body: String,
    /// For whom it acts.
    pub member: Caller,
    /// What that member may do, as far as whoever tries it may do so themselves.
    pub grants: Arc<Grants>,
    /// What they look at.
    pub record: Option<SessionContext>,
}

impl Agents {
    /// What these agents are run with.
    pub fn settings(&self) -> &AgentSettings {
        &self.0.settings
    }

    /// What is to be tried, and for whom: nothing that the caller may not see or do themselves.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::AgentNotFound`]; [`Error::AgentDeleted`]; [`Error::PromptNotFound`];
    /// [`Error::Invalid`] and [`Error::InvalidPrompt`] with all that is wrong.
    pub async fn tryout_subject(
        &self,
        caller: &Caller,
        name: &str,
        asked: NewTryout,
    ) -> Result<TryoutSubject, Error> {
        caller.require(Permission::Prompts)?;
        let own = member_of(caller)?;
        let agent = self.present_agent(caller, name).await?;
        let body = self.asked_prompt(caller, &agent, asked.version, asked.body).await?;
        let member = match &asked.member {
            None => own,
            Some(text) => self.member_in_sight(caller, own, text).await?,
        };
        let member = self.0.identity.caller_of_member(caller.workspace, member).await?;
        let grants = Arc::new(member.grants.intersect(&caller.grants));
        let record = match asked.record {
            None => None,
            Some(record) => {
                let role = self.0.identity.role_grants(caller.workspace, &agent.definition.role).await?;
                let Definition { label, operations, .. } = &agent.definition;
                let bounded = Caller { grants: grants.clone(), ..member.clone() };
                let acting = bounded.through_agent(agent.id, label, &role, operations);
                let found = self.record_in_sight(caller, &acting, record).await?;
                Some(SessionContext { object: found.object.to_string(), id: found.id })
            }
        };
        let agent = AgentName { id: agent.id, name: agent.name, label: agent.definition.label };
        Ok(TryoutSubject { agent, body, member, grants, record })
    }

    /// Takes the agents that are not deleted, as they are now.
    ///
    /// # Errors
    /// What the database said.
    pub async fn take_agents(tx: &mut Tx<'_>) -> Result<TakenAgents, Error> {
        let column = |table: &'static str, name: &'static str| Expr::col((table, name));
        let everything = |table: &'static str| (Alias::new(table), Asterisk);
        let present = column("a", "deleted_at").is_null();
        let mut taken = Vec::new();
        let all = Query::select()
            .column(everything("a"))
            .from_as(tx.table("agents"), "a")
            .and_where(present.clone())
            .take();
        taken.push(tx.take_rows("agents", &all).await?);
        let is_its_version =
            column("v", "agent_id").equals(("a", "id")).and(column("v", "number").equals(("a", "version")));
        let versions = Query::select()
            .column(everything("v"))
            .from_as(tx.table("agents"), "a")
            .join_as(JoinType::InnerJoin, tx.table("agent_versions"), "v", is_its_version.clone())
            .and_where(present.clone())
            .take();
        taken.push(tx.take_rows("agent_versions", &versions).await?);
        for (table, number) in [("agent_prompts", "version"), ("agent_labels", "version")] {
            let is_used = column("p", "agent_id")
                .equals(("a", "id"))
                .and(column("p", number).equals(("v", "prompt_version")));
            let used = Query::select()
                .column(everything("p"))
                .from_as(tx.table("agents"), "a")
                .join_as(JoinType::InnerJoin, tx.table("agent_versions"), "v", is_its_version.clone())
                .join_as(JoinType::InnerJoin, tx.table(table), "p", is_used)
                .and_where(present.clone())
                .take();
            taken.push(tx.take_rows(table, &used).await?);
        }
        Ok(TakenAgents(taken))
    }

    /// Puts them into a copy, on SQLite.
    ///
    /// # Errors
    /// What the database said.
    pub async fn put_agents(tx: &mut Tx<'_>, taken: &TakenAgents) -> Result<(), Error> {
        for rows in &taken.0 {
            tx.put_rows(rows).await?;
        }
        Ok(())
    }

    /// Has an agent of a copy be told something else, and be active.
    ///
    /// # Errors
    /// [`Error::AgentNotFound`].
    pub async fn tell_in_copy(
        tx: &mut Tx<'_>,
        environment: &Environment,
        agent: AgentId,
        body: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let unknown = || Error::AgentNotFound { name: agent.to_string(), near: String::new() };
        let found = agents::find(tx, agent).await?.ok_or_else(unknown)?;
        if !found.is_active {
            agents::set_active(tx, agent, true).await?;
        }
        if found.prompt == body {
            return Ok(());
        }
        let by = Actor::SYSTEM;
        let version = prompts::add_prompt(tx, environment, agent, body, "", &by, now).await?;
        prompts::move_label(tx, &found, crate::PRODUCTION, version, &by, now).await
    }

    /// What counts for a workspace what agents use up in a copy of it, in the name of `member`.
    pub fn account_of(&self, workspace: WorkspaceId, member: MemberId) -> Arc<dyn Account> {
        Arc::new(WorkspaceAccount {
            agents: self.clone(),
            workspace,
            member,
            session: self.0.environment.new_id(),
            charged: AtomicI64::new(0),
        })
    }
}

/// The account of a workspace of which there is a copy.
struct WorkspaceAccount {
    agents: Agents,
    workspace: WorkspaceId,
    member: MemberId,
    /// Under which its usage is known; there is no such session.
    session: SessionId,
    charged: AtomicI64,
}

impl std::fmt::Debug for WorkspaceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkspaceAccount").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

impl Account for WorkspaceAccount {
    fn check<'a>(
        &'a self,
        agent: Option<(AgentId, &'a str)>,
        spent: Spent,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let budgets = self.agents.budgets_of(self.workspace).await?;
            let spender = Spender { agent, member: self.member };
            self.agents.check_budgets(self.workspace, spender, &budgets, spent).await
        })
    }

    fn charge<'a>(
        &'a self,
        agent: AgentId,
        turn: TurnId,
        step: u32,
        usage: &'a StepUsage,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let foreign = ForeignUsage {
                session: self.session,
                seq: self.charged.fetch_add(1, Ordering::Relaxed) + 1,
                turn,
                step,
                agent,
                member: self.member,
                usage: usage.clone(),
            };
            let now = self.agents.0.environment.now();
            let namespace = self.agents.namespace(self.workspace).await?;
            namespace
                .write(foreign, move |tx, foreign| Box::pin(usage::insert_foreign(tx, foreign, now)))
                .await
        })
    }
}
