//! Catalogues: composed of what the crates contribute, and kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use kontor_core::{grants::Grants, ids::WorkspaceId, metadata::Schema};

use crate::{Operation, Registry};

/// Enough for the roles and agents that are busy at one time; a catalogue takes about a megabyte.
const MOST: usize = 32;

/// What a crate contributes to a catalogue: the operations that a caller with these grants can have done in a
/// workspace of this schema, and none beyond it.
pub trait Contributor: Send + Sync {
    fn operations(&self, schema: &Arc<Schema>, grants: &Grants) -> Vec<Operation>;
}

struct Kept {
    workspace: WorkspaceId,
    schema_version: i64,
    grants: Arc<Grants>,
    catalogue: Arc<Registry>,
}

/// The operations of every caller. Making a catalogue takes milliseconds; those used last are kept.
pub struct Catalogues {
    contributors: Vec<Arc<dyn Contributor>>,
    /// The most recent first.
    kept: Mutex<VecDeque<Kept>>,
}

impl Catalogues {
    /// Catalogues of all that these contribute.
    pub fn new(contributors: Vec<Arc<dyn Contributor>>) -> Self {
        Self { contributors, kept: Mutex::default() }
    }

    /// The catalogue of a caller with these grants.
    pub fn of(&self, workspace: WorkspaceId, schema: &Arc<Schema>, grants: &Arc<Grants>) -> Arc<Registry> {
        if let Some(found) = self.find(workspace, schema.version(), grants) {
            return found;
        }
        // Made outside the lock: two callers may both make it, and nobody waits for another's.
        let operations = self.contributors.iter().flat_map(|from| from.operations(schema, grants));
        let made = Arc::new(Registry::new(operations));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|entry| entry.workspace != workspace || entry.schema_version >= schema.version());
        kept.push_front(Kept {
            workspace,
            schema_version: schema.version(),
            grants: grants.clone(),
            catalogue: made.clone(),
        });
        kept.truncate(MOST);
        made
    }

    fn find(&self, workspace: WorkspaceId, version: i64, grants: &Arc<Grants>) -> Option<Arc<Registry>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let index = kept.iter().position(|entry| {
            entry.workspace == workspace
                && entry.schema_version == version
                && (Arc::ptr_eq(&entry.grants, grants) || entry.grants == *grants)
        })?;
        let entry = kept.remove(index)?;
        let catalogue = entry.catalogue.clone();
        kept.push_front(entry);
        Some(catalogue)
    }
}
