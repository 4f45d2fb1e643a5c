use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::{ErrorKind, Fault, Problem};

/// What can be done to the workspace itself rather than to its records. Each is asked for somewhere by
/// [`Caller::require`](crate::caller::Caller::require).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Members: who they are, adding them, and whether they may act.
    Members,
    /// Roles: what they allow, and what anybody may do by them.
    Roles,
    /// Objects and fields.
    DataModel,
    /// Who did what.
    Audit,
    /// What is done in the background.
    Jobs,
    /// The workspace's own settings.
    Settings,
    /// Agents: what they are and may do.
    Agents,
    /// What agents are told.
    Prompts,
    /// What agents do for others: the turns that run, what a turn did and its model was sent, and feedback on answers.
    Conversations,
    /// Datasets of evaluations, and runs of them.
    Evaluations,
    /// What has to be shown before a prompt is published, and publishing without it.
    Publishing,
    /// API keys: service accounts by which programs act.
    ApiKeys,
}

/// That the caller lacks a permission on the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the caller lacks the permission {}", .0.word())]
pub struct NotPermitted(pub Permission);

impl Fault for NotPermitted {
    fn problem(&self) -> Problem {
        let Self(permission) = self;
        let message = format!(
            "You may not do this: it takes the permission {:?}, which your role does not give.",
            permission.word()
        );
        Problem::new(ErrorKind::Forbidden, "not_permitted", message)
    }
}

impl Permission {
    pub const ALL: [Self; 12] = [
        Self::Members,
        Self::Roles,
        Self::DataModel,
        Self::Audit,
        Self::Jobs,
        Self::Settings,
        Self::Agents,
        Self::Prompts,
        Self::Conversations,
        Self::Evaluations,
        Self::Publishing,
        Self::ApiKeys,
    ];

    /// What it permits, as people read it.
    pub fn about(self) -> &'static str {
        match self {
            Self::Members => "Manage members",
            Self::Roles => "Manage roles",
            Self::DataModel => "Change objects and fields",
            Self::Audit => "Read the audit",
            Self::Jobs => "See and run jobs",
            Self::Settings => "Change the settings",
            Self::Agents => "Manage agents",
            Self::Prompts => "Write prompts",
            Self::Conversations => "See what agents do for others",
            Self::Evaluations => "Evaluate agents",
            Self::Publishing => "Set what publishing takes, and publish without it",
            Self::ApiKeys => "Manage API keys",
        }
    }

    /// The word of the permission, as it is stored and named in errors.
    pub fn word(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Roles => "roles",
            Self::DataModel => "data_model",
            Self::Audit => "audit",
            Self::Jobs => "jobs",
            Self::Settings => "settings",
            Self::Agents => "agents",
            Self::Prompts => "prompts",
            Self::Conversations => "conversations",
            Self::Evaluations => "evaluations",
            Self::Publishing => "publishing",
            Self::ApiKeys => "api_keys",
        }
    }
}

/// A set of platform permissions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Permissions(BTreeSet<Permission>);

impl Permissions {
    pub fn all() -> Self {
        Permission::ALL.into_iter().collect()
    }

    pub fn contains(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self(&self.0 & &other.0)
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}
