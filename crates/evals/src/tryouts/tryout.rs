use std::sync::{Arc, Mutex, PoisonError};

use kontor_agents::AgentName;
use kontor_core::{
    caller::Caller,
    filter::OwnRecord,
    grants::Grants,
    ids::{MemberId, SessionId, WorkspaceId},
    time::Timestamp,
};
use kontor_crm::Copied;
use serde::Serialize;
use uuid::Uuid;

use crate::sandbox::Sandbox;

/// A chat with an agent in a copy of the workspace.
pub struct Tryout {
    pub(super) id: Uuid,
    pub(super) workspace: WorkspaceId,
    /// Who tries.
    pub(super) owner: MemberId,
    pub(super) agent: AgentName,
    /// For whom the agent acts, in the workspace and, by the same id, in the copy.
    pub(super) member: MemberId,
    pub(super) session: SessionId,
    /// Who acts in the copy.
    pub(super) caller: Caller,
    pub(super) sandbox: Sandbox,
    pub(super) copied: Copied,
    /// What both might do when it began.
    pub(super) rights: [Rights; 2],
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) used_at: Mutex<Timestamp>,
}

/// What somebody may do, with what of themselves their rules ask for.
#[derive(PartialEq)]
pub(super) struct Rights(Arc<Grants>, Arc<OwnRecord>);

impl Rights {
    pub(super) fn of(caller: &Caller) -> Self {
        Self(caller.grants.clone(), caller.own.clone())
    }
}

/// A tryout, as whoever tries sees it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TryoutSummary {
    pub id: Uuid,
    pub agent: AgentName,
    /// The chat in the copy, which is found beneath the tryout alone.
    pub session: SessionId,
    /// For whom the agent acts.
    pub member: MemberId,
    /// How much of the workspace the copy has.
    pub copied: Copied,
    pub created_at: Timestamp,
    /// When it ends at the latest; unused, it ends before.
    pub expires_at: Timestamp,
}

impl Tryout {
    pub fn id(&self) -> Uuid {
        self.id
    }

    pub fn agent(&self) -> &AgentName {
        &self.agent
    }

    /// The chat in the copy.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// For whom the agent acts.
    pub fn member(&self) -> MemberId {
        self.member
    }

    /// Who acts in the copy, which has an id of its own: in the workspace itself they are nobody.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    pub fn summary(&self) -> TryoutSummary {
        TryoutSummary {
            id: self.id,
            agent: self.agent.clone(),
            session: self.session,
            member: self.member,
            copied: self.copied,
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }

    /// Whether it is the caller's.
    pub(super) fn is_of(&self, caller: &Caller) -> bool {
        self.workspace == caller.workspace && Some(self.owner) == caller.member()
    }

    pub(super) fn used_at(&self) -> Timestamp {
        *self.used_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn touch(&self, now: Timestamp) {
        *self.used_at.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}
