//! What a caller may do: per object, per field, per row, and on the platform.
//!
//! [`Grants::intersect`] is the only way to combine two: user ∩ agent role ∩ token scope. It is commutative,
//! associative and idempotent, and never allows what either side denies. What is not granted is denied.

mod agents;
mod fields;
mod object;
mod platform;
mod scoped;
#[cfg(test)]
mod tests;
mod view;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::{
    agents::AgentSet,
    fields::FieldSet,
    object::{Action, ObjectGrant, RowRule},
    platform::{NotPermitted, Permission, Permissions},
    scoped::{scope_verbs, verbs_of},
};
use crate::{
    filter::Readable,
    metadata::{Field, Name, Object, Schema},
};

/// All that a caller may do in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// What holds for every object that is not named.
    #[serde(default)]
    default: ObjectGrant,
    #[serde(default)]
    objects: BTreeMap<Name, ObjectGrant>,
    #[serde(default)]
    platform: Permissions,
    /// The agents that may be used.
    #[serde(default, skip_serializing_if = "AgentSet::is_all")]
    agents: AgentSet,
}

impl Grants {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Everything there is.
    pub fn everything() -> Self {
        Self {
            default: ObjectGrant::everything(),
            objects: BTreeMap::new(),
            platform: Permissions::all(),
            agents: AgentSet::all(),
        }
    }

    /// These actions on all fields and rows of every object, and no platform permission.
    pub fn on_every_object(actions: impl IntoIterator<Item = Action>) -> Self {
        Self { default: ObjectGrant::of(actions), ..Self::nothing() }
    }

    /// The same, with another grant for one object.
    #[must_use]
    pub fn with_object(mut self, object: Name, grant: ObjectGrant) -> Self {
        self.objects.insert(object, grant);
        self
    }

    /// The same, with these platform permissions.
    #[must_use]
    pub fn with_platform(mut self, permissions: impl IntoIterator<Item = Permission>) -> Self {
        self.platform = permissions.into_iter().collect();
        self
    }

    /// The same, with these agents to be used.
    #[must_use]
    pub fn with_agents(mut self, agents: AgentSet) -> Self {
        self.agents = agents;
        self
    }

    /// What both allow.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let names: std::collections::BTreeSet<_> = self.objects.keys().chain(other.objects.keys()).collect();
        let default = self.default.intersect(&other.default);
        let objects = names
            .into_iter()
            .map(|name| (name.clone(), self.object(name).intersect(other.object(name))))
            // What says the same as the default is not said twice, so that equal grants are equal values.
            .filter(|(_, grant)| *grant != default)
            .collect();
        Self {
            default,
            objects,
            platform: self.platform.intersect(&other.platform),
            agents: self.agents.intersect(&other.agents),
        }
    }

    /// Whether these allow nothing that `other` does not allow too.
    pub fn is_within(&self, other: &Self) -> bool {
        self.intersect(other).effective() == self.effective()
    }

    /// The same in one form: without what has no effect, such as the fields of records that may not be read, and
    /// without what is said twice.
    fn effective(&self) -> Self {
        let default = self.default.effective();
        let objects = self.objects.iter().map(|(name, grant)| (name.clone(), grant.effective()));
        Self {
            objects: objects.filter(|(_, grant)| *grant != default).collect(),
            default,
            platform: self.platform.clone(),
            agents: self.agents.clone(),
        }
    }

    /// What holds for every object that is not named.
    pub fn default_grant(&self) -> &ObjectGrant {
        &self.default
    }

    /// The agents that may be used.
    pub fn agents(&self) -> &AgentSet {
        &self.agents
    }

    /// What holds for an object.
    pub fn object(&self, name: &str) -> &ObjectGrant {
        self.objects.get(name).unwrap_or(&self.default)
    }

    /// Whether an action on an object is allowed at all; for which rows its row rules say.
    pub fn allows(&self, object: &str, action: Action) -> bool {
        self.object(object).allows(action)
    }

    /// The rules that a row must match for an action, all of them.
    pub fn row_rules(&self, object: &str, action: Action) -> impl Iterator<Item = &RowRule> {
        self.object(object).row_rules(action)
    }

    /// Whether one of the rules is such a one.
    pub fn has_rule(&self, is_such: impl Fn(&RowRule) -> bool) -> bool {
        let grants = std::iter::once(&self.default).chain(self.objects.values());
        grants.flat_map(ObjectGrant::rules).any(|(_, rule)| is_such(rule))
    }

    /// The objects whose records may be read.
    pub fn readable<'s>(&'s self, schema: &'s Schema) -> impl Iterator<Item = &'s Arc<Object>> {
        schema.objects().iter().filter(|object| self.allows(&object.name, Action::Read))
    }

    /// The schema with nothing in it but what may be read.
    pub fn readable_schema(&self, schema: &Schema) -> Schema {
        let objects = self.readable(schema).map(|object| {
            let is_readable = |field: &Field| self.can_read_field(&object.name, &field.name);
            if object.fields.iter().all(is_readable) {
                return object.clone();
            }
            let mut seen = Object::clone(object);
            seen.fields.retain(is_readable);
            Arc::new(seen)
        });
        Schema::of(schema.version(), objects.collect())
    }

    /// The object of this name or plural, where its records may be read: one that may not be is not told from
    /// one that does not exist.
    pub fn readable_object<'s>(&self, schema: &'s Schema, name: &str) -> Option<&'s Arc<Object>> {
        let object = schema.object(name).or_else(|| schema.object_by_plural(name));
        object.filter(|object| self.allows(&object.name, Action::Read))
    }

    pub fn can_update_field(&self, object: &str, field: &str) -> bool {
        let grant = self.object(object);
        grant.read_fields().contains(field) && grant.update_fields().contains(field)
    }

    /// Whether a permission on the workspace is among them; whoever acts under one asks
    /// [`Caller::require`](crate::caller::Caller::require).
    pub fn permits(&self, permission: Permission) -> bool {
        self.platform.contains(permission)
    }

    pub fn permissions(&self) -> &Permissions {
        &self.platform
    }
}

impl Readable for Grants {
    fn can_read_field(&self, object: &str, field: &str) -> bool {
        let grant = self.object(object);
        grant.allows(Action::Read) && grant.read_fields().contains(field)
    }
}
