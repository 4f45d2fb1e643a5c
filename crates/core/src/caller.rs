//! Who asks: every request becomes a [`Caller`] before anything else happens.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    grants::Grants,
    ids::{AgentId, MemberId, UserId, WorkspaceId},
};

/// Who did something, as it is kept with what was done: ids to follow, names to read when they lead nowhere
/// any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    Member {
        id: MemberId,
        name: String,
    },
    /// An agent, always on behalf of a member.
    Agent {
        id: AgentId,
        name: String,
        member: MemberId,
        member_name: String,
    },
    ApiKey {
        id: Uuid,
        name: String,
    },
    Workflow {
        id: Uuid,
        name: String,
    },
    /// Kontor itself: installation, demonstration data, upkeep.
    System,
}

impl Actor {
    /// The word of the kind, as it is stored and filtered by.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Member { .. } => "member",
            Self::Agent { .. } => "agent",
            Self::ApiKey { .. } => "api_key",
            Self::Workflow { .. } => "workflow",
            Self::System => "system",
        }
    }

    /// As a person reads it: `Sales assistant on behalf of Ada Brandt`.
    pub fn describe(&self) -> String {
        match self {
            Self::Member { name, .. } | Self::ApiKey { name, .. } | Self::Workflow { name, .. } => {
                name.clone()
            }
            Self::Agent { name, member_name, .. } => format!("{name} on behalf of {member_name}"),
            Self::System => "Kontor".to_owned(),
        }
    }
}

/// The one who asks, in the workspace they ask in, with all they may do there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub workspace: WorkspaceId,
    /// The person behind it, where there is one.
    pub user: Option<UserId>,
    pub member: Option<MemberId>,
    pub actor: Actor,
    pub grants: Arc<Grants>,
}

impl Caller {
    /// Kontor itself, which may do everything: for installation and upkeep, never for a request.
    pub fn system(workspace: WorkspaceId) -> Self {
        Self {
            workspace,
            user: None,
            member: None,
            actor: Actor::System,
            grants: Arc::new(Grants::everything()),
        }
    }

    /// This member acting through an agent: the agent's name on the act, and no more than both allow.
    #[must_use]
    pub fn through_agent(&self, id: AgentId, name: &str, role: &Grants) -> Self {
        let actor = match &self.actor {
            Actor::Member { id: member, name: member_name } => {
                Actor::Agent { id, name: name.to_owned(), member: *member, member_name: member_name.clone() }
            }
            other => other.clone(),
        };
        Self { actor, grants: Arc::new(self.grants.intersect(role)), ..self.clone() }
    }
}
