//! What a tryout would have changed.

use std::collections::{BTreeMap, BTreeSet};

use kontor_core::{error::ErrorKind, error::Fault as _, grants::Action, ids::RecordId};
use kontor_crm::{RecordChange, records::Changes, timeline::Timeline};
use serde::Serialize;
use uuid::Uuid;

use super::{Error, Tryout};

/// Changes that are told.
const MOST: u64 = 200;
/// Entries of one record's timeline that are looked through.
const ENTRIES: u32 = 100;

/// A change that a tryout would have made, as far as its member may read it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct TryoutChange {
    /// The name of the object.
    pub object: String,
    pub id: RecordId,
    /// The record by its name; its object's label where it is gone.
    pub label: String,
    /// `create`, `update`, `delete`, `restore` or `destroy`.
    pub action: String,
    /// `before` and `after` by field.
    pub changes: Changes,
}

impl Tryout {
    /// What the tryout would have changed so far, in the order in which it happened; the first two hundred changes.
    ///
    /// # Errors
    /// What the database said.
    pub async fn changes(&self) -> Result<Vec<TryoutChange>, Error> {
        let found = self.sandbox().changes(MOST).await?;
        let records: BTreeSet<_> =
            found.iter().map(|change| (change.object.clone(), change.record)).collect();
        let (mut told, mut labels) = (BTreeMap::new(), BTreeMap::new());
        for (object, id) in records {
            if let Some(timeline) = self.timeline(&object, id).await? {
                labels.insert(id, timeline.label);
                told.extend(timeline.entries.into_iter().map(|entry| (entry.id, entry.changes)));
            }
        }
        Ok(found.into_iter().filter_map(|change| self.told(change, &mut told, &labels)).collect())
    }

    /// A change as the tryout's member may read it; nothing of a record that they may not.
    fn told(
        &self,
        change: RecordChange,
        told: &mut BTreeMap<Uuid, Changes>,
        labels: &BTreeMap<RecordId, String>,
    ) -> Option<TryoutChange> {
        let RecordChange { entry, object, record, action } = change;
        // One that is destroyed has no timeline any more.
        let is_gone = action == "destroy" && self.caller().grants.allows(&object, Action::Read);
        let label = labels.get(&record).cloned().or_else(|| is_gone.then(|| object.clone()))?;
        Some(TryoutChange {
            object,
            id: record,
            label,
            action,
            changes: told.remove(&entry).unwrap_or_default(),
        })
    }

    async fn timeline(&self, object: &str, id: RecordId) -> Result<Option<Timeline>, Error> {
        match self.sandbox().crm().timeline(self.caller(), object, id, ENTRIES, None).await {
            Ok(timeline) => Ok(Some(timeline)),
            Err(error) if matches!(error.problem().kind, ErrorKind::NotFound | ErrorKind::Forbidden) => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
