//! Catalogues that were made already.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use kontor_core::{grants::Grants, ids::WorkspaceId, metadata::Schema, operation::Registry};

use super::catalogue;
use crate::WorkFamily;

/// Enough for the roles and agents that are busy at one time; a catalogue takes about a megabyte.
const MOST: usize = 32;

struct Kept {
    workspace: WorkspaceId,
    schema_version: i64,
    grants: Arc<Grants>,
    catalogue: Arc<Registry<WorkFamily>>,
}

/// The catalogues used last, most recent first.
#[derive(Default)]
pub(crate) struct CatalogueCache(Mutex<VecDeque<Kept>>);

impl CatalogueCache {
    /// The catalogue of a caller with these grants, made where it is not at hand.
    pub(crate) fn get(
        &self,
        workspace: WorkspaceId,
        schema: &Arc<Schema>,
        grants: &Arc<Grants>,
    ) -> Arc<Registry<WorkFamily>> {
        if let Some(found) = self.find(workspace, schema.version(), grants) {
            return found;
        }
        // Made outside the lock: two callers may both make it, and nobody waits for another's.
        let made = Arc::new(catalogue(schema, grants));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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

    fn find(
        &self,
        workspace: WorkspaceId,
        version: i64,
        grants: &Arc<Grants>,
    ) -> Option<Arc<Registry<WorkFamily>>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kontor_core::{
        environment::Environment,
        grants::{Action, Grants},
        ids::WorkspaceId,
        metadata::Schema,
    };

    use super::CatalogueCache;

    #[test]
    fn equal_grants_share_a_catalogue_until_the_schema_changes() {
        let environment = Environment::system();
        let schema = |version| Arc::new(Schema::new(version, crate::standard::objects(&environment)));
        let workspace: WorkspaceId = environment.new_id();
        let viewer = || Arc::new(Grants::on_every_object([Action::Read]));
        let cache = CatalogueCache::default();
        let first = cache.get(workspace, &schema(1), &viewer());
        assert!(Arc::ptr_eq(&first, &cache.get(workspace, &schema(1), &viewer())));
        assert!(!Arc::ptr_eq(&first, &cache.get(workspace, &schema(2), &viewer())));
        assert!(!Arc::ptr_eq(&first, &cache.get(environment.new_id(), &schema(1), &viewer())));
        let admin = cache.get(workspace, &schema(2), &Arc::new(Grants::everything()));
        assert!(admin.get("deal.delete").is_some() && first.get("deal.delete").is_none());
    }
}
