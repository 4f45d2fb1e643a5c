//! Who asks: every request becomes a [`Caller`] before anything else happens.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    actor::{ActingAgent, Actor, Principal},
    filter::{Asker, OwnRecord},
    grants::{Action, Grants, NotPermitted, Permission, verbs_of},
    ids::{AgentId, MemberId, WorkspaceId},
    locale::Locale,
    metadata::Object,
    scope::{Patterns, Scope},
    time::{Date, Timestamp},
};

/// The one who asks, in the workspace they ask in, with all they may do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub workspace: WorkspaceId,
    pub principal: Principal,
    /// The agent that acts for the principal.
    pub agent: Option<ActingAgent>,
    /// What the member let software do, where that acts: what is begun under it goes on under it.
    pub delegation: Option<Uuid>,
    /// The operations that may be called.
    pub scope: Scope,
    /// What may be done with records and with the workspace.
    pub grants: Arc<Grants>,
    /// How the caller's words are read.
    pub locale: Locale,
    /// The member's own record, which filters may name: `"$me.region"`.
    pub own: Arc<OwnRecord>,
}

impl Caller {
    /// A principal that acts for itself, with every operation.
    pub fn new(workspace: WorkspaceId, principal: Principal, grants: Arc<Grants>) -> Self {
        Self {
            workspace,
            principal,
            agent: None,
            delegation: None,
            scope: Scope::everything(),
            grants,
            locale: Locale::default(),
            own: Arc::default(),
        }
    }

    /// Kontor itself, which may do everything: for installation and jobs, never for a request.
    pub fn system(workspace: WorkspaceId) -> Self {
        Self::new(workspace, Principal::System, Arc::new(Grants::everything()))
    }

    /// The member who acts, themselves or through an agent.
    pub fn member(&self) -> Option<MemberId> {
        self.principal.member()
    }

    /// Who acts, as it is stored with what is done.
    pub fn actor(&self) -> Actor {
        Actor { principal: self.principal.clone(), agent: self.agent.clone() }
    }

    /// The day it is for the caller at a moment.
    pub fn today(&self, now: Timestamp) -> Date {
        self.locale.time_zone.date(now)
    }

    /// The caller as one who asks by filters at a moment.
    pub fn asker(&self, now: Timestamp) -> Asker<'_> {
        Asker { me: self.member(), own: &self.own, now, locale: self.locale }
    }

    /// Whether it is Kontor itself, without an agent.
    pub fn is_system(&self) -> bool {
        self.principal == Principal::System && self.agent.is_none()
    }

    /// The same principal acting through an agent: the agent's name on every act, no more than caller and agent's
    /// role both allow, and of the operations those among the agent's tools.
    #[must_use]
    pub fn through_agent(&self, id: AgentId, name: &str, role: &Grants, tools: &Patterns) -> Self {
        Self {
            workspace: self.workspace,
            principal: self.principal.clone(),
            agent: Some(ActingAgent { id, name: name.to_owned() }),
            delegation: self.delegation,
            scope: self.scope.narrowed(tools),
            grants: Arc::new(self.grants.intersect(role)),
            locale: self.locale,
            own: self.own.clone(),
        }
    }

    /// The same within the scope of a token: no other operation, and of the grants what its operations take.
    #[must_use]
    pub fn within_scope(&self, scope: &Patterns) -> Self {
        Self {
            scope: self.scope.narrowed(scope),
            grants: Arc::new(self.grants.within_scope(scope)),
            ..self.clone()
        }
    }

    /// What may be done with the records of an object: what the grants allow and the scope has an operation for. The
    /// names of records that are only pointed to are no right to read.
    pub fn actions_on(&self, object: &Object) -> Vec<Action> {
        let has_operation = |action| {
            self.scope.is_everything()
                || verbs_of(action).any(|verb| self.scope.allows(&format!("{}.{verb}", object.name)))
        };
        let may = |action: &Action| {
            let is_written = *action == Action::Read || !object.is_read_only;
            is_written && self.grants.allows(&object.name, *action) && has_operation(*action)
        };
        Action::ALL.into_iter().filter(may).collect()
    }

    /// Whether it is a member themselves: by no API key, no token that was made for a purpose and no agent.
    pub fn is_in_person(&self) -> bool {
        self.member().is_some() && self.agent.is_none() && self.scope.is_everything()
    }

    /// The same principal acting through software that is no agent of the workspace: its name on every act.
    #[must_use]
    pub fn through_software(&self, id: AgentId, name: &str) -> Self {
        Self { agent: Some(ActingAgent { id, name: name.to_owned() }), ..self.clone() }
    }

    /// Whether the caller has a permission on the workspace; what is done under one begins with this.
    ///
    /// # Errors
    /// [`NotPermitted`], which names the permission.
    pub fn require(&self, permission: Permission) -> Result<(), NotPermitted> {
        if self.grants.permits(permission) { Ok(()) } else { Err(NotPermitted(permission)) }
    }
}

/// Whoever runs the installation: the command line and the start of the server. The operator makes and lists
/// workspaces, which belong to no workspace's grants, and acts in each of them with all rights. A request never
/// has one.
#[derive(Debug, Clone, Copy)]
pub struct Operator(());

impl Operator {
    /// For the process's own wiring and commands alone.
    pub const fn of_this_installation() -> Self {
        Self(())
    }

    /// The operator as a caller in a workspace.
    pub fn in_workspace(self, workspace: WorkspaceId) -> Caller {
        Caller::system(workspace)
    }
}
