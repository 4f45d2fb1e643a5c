use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What can be done to the workspace itself rather than to its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    Members,
    Roles,
    DataModel,
    Agents,
    Prompts,
    Evaluations,
    ApiKeys,
    Webhooks,
    Workflows,
    Import,
    Export,
    Audit,
    Models,
}

impl Permission {
    pub const ALL: [Self; 13] = [
        Self::Members,
        Self::Roles,
        Self::DataModel,
        Self::Agents,
        Self::Prompts,
        Self::Evaluations,
        Self::ApiKeys,
        Self::Webhooks,
        Self::Workflows,
        Self::Import,
        Self::Export,
        Self::Audit,
        Self::Models,
    ];
}

/// A set of platform permissions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
