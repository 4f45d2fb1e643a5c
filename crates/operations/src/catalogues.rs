//! Catalogues: composed of what the crates contribute, and kept.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use kontor_core::{cache::Cache, grants::Grants, ids::WorkspaceId, metadata::Schema};

use crate::{Operation, Registry};

/// Enough for the roles and agents that are busy at one time; a catalogue takes about a megabyte.
const MOST: usize = 32;

/// What a crate contributes to a catalogue: the operations that a caller with these grants can have done in a
/// workspace of this schema, and none beyond it.
pub trait Contributor: Send + Sync {
    fn operations(&self, schema: &Arc<Schema>, grants: &Grants) -> Vec<Operation>;
}

/// What a catalogue depends on.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    workspace: WorkspaceId,
    schema_version: i64,
    grants: Arc<Grants>,
}

impl Hash for Key {
    /// Grants are compared and not hashed: a workspace has few roles, and the same grants mostly lie at one address.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.workspace, self.schema_version).hash(state);
    }
}

/// The operations of every caller. Making a catalogue takes milliseconds; those in use are kept.
pub struct Catalogues {
    contributors: Vec<Arc<dyn Contributor>>,
    kept: Cache<Key, Arc<Registry>>,
}

impl Catalogues {
    /// Catalogues of all that these contribute.
    pub fn new(contributors: Vec<Arc<dyn Contributor>>) -> Self {
        Self { contributors, kept: Cache::new(MOST) }
    }

    /// The catalogue of a caller with these grants.
    pub fn of(&self, workspace: WorkspaceId, schema: &Arc<Schema>, grants: &Arc<Grants>) -> Arc<Registry> {
        let key = Key { workspace, schema_version: schema.version(), grants: grants.clone() };
        if let Some(found) = self.kept.get(&key) {
            return found;
        }
        // Two callers may both make it, and nobody waits for another's.
        let operations = self.contributors.iter().flat_map(|from| from.operations(schema, grants));
        let made = Arc::new(Registry::new(operations).with_batch());
        let version = key.schema_version;
        self.kept.remove_where(|kept| kept.workspace == workspace && kept.schema_version < version);
        self.kept.insert(key, made.clone());
        made
    }
}
