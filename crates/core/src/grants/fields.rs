use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::metadata::{Name, system_fields};

/// A set of an object's fields, fields to come included. A record's id and version are in every set: they
/// say nothing about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldSet {
    /// Every field but these.
    Except(BTreeSet<Name>),
    /// These fields alone.
    Only(BTreeSet<Name>),
}

impl FieldSet {
    pub fn all() -> Self {
        Self::Except(BTreeSet::new())
    }

    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// The fields that are named, whether they are in it or not.
    pub fn named(&self) -> &BTreeSet<Name> {
        match self {
            Self::Except(names) | Self::Only(names) => names,
        }
    }

    pub fn contains(&self, field: &str) -> bool {
        matches!(field, system_fields::ID | system_fields::VERSION)
            || match self {
                Self::Except(hidden) => !hidden.contains(field),
                Self::Only(shown) => shown.contains(field),
            }
    }

    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Except(a), Self::Except(b)) => Self::Except(a | b),
            (Self::Only(a), Self::Only(b)) => Self::Only(a & b),
            (Self::Only(shown), Self::Except(hidden)) | (Self::Except(hidden), Self::Only(shown)) => {
                Self::Only(shown - hidden)
            }
        }
    }
}

impl Default for FieldSet {
    fn default() -> Self {
        Self::none()
    }
}
