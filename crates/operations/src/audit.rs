//! The audit of a workspace, as those read it who may.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    error::{Fault, Problem},
    filter::Readable as _,
    grants::{Action, Grants, NotPermitted, Permission},
    metadata::{Object, Schema},
};
use kontor_store::Store;
pub use kontor_store::{AuditQuery, AuditRecord};
use serde_json::Value as Json;

use crate::SchemaSource;

/// The most acts of a page.
const MAX_LIMIT: u64 = 200;

/// What can go wrong with reading the audit.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    #[error("{0}")]
    Schema(Problem),
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
}

impl Fault for AuditError {
    fn problem(&self) -> Problem {
        match self {
            Self::NotPermitted(error) => error.problem(),
            Self::Schema(problem) => problem.clone(),
            Self::Store(error) => error.problem(),
        }
    }
}

/// The audit of workspaces for those who have the permission `audit`. Cloning is cheap.
#[derive(Clone)]
pub struct Audit {
    store: Store,
    schemas: Arc<dyn SchemaSource>,
}

/// A page of the audit, the latest act first.
#[derive(Debug)]
pub struct AuditPage {
    pub acts: Vec<AuditRecord>,
    pub has_more: bool,
}

impl Audit {
    pub fn new(store: Store, schemas: Arc<dyn SchemaSource>) -> Self {
        Self { store, schemas }
    }

    /// The acts that are asked for, 200 at most. What an act says of a record is shown as far as the caller may read
    /// it: who may read only some of an object's records is shown nothing of what was in one.
    ///
    /// # Errors
    /// [`AuditError::NotPermitted`]; what the source of schemas or the database said.
    pub async fn read(&self, caller: &Caller, query: AuditQuery) -> Result<AuditPage, AuditError> {
        caller.require(Permission::Audit)?;
        let limit = query.limit.clamp(1, MAX_LIMIT);
        let query = AuditQuery { limit: limit + 1, ..query };
        let schema = self.schemas.schema(caller.workspace).await.map_err(AuditError::Schema)?;
        let namespace = self.store.workspace(caller.workspace).await?;
        let found: Result<Vec<AuditRecord>, kontor_store::Error> =
            namespace.read(query, |tx, query| Box::pin(async move { tx.audit_log(query).await })).await;
        let mut acts = found?;
        let has_more = acts.len() as u64 > limit;
        acts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        for act in &mut acts {
            hide(act, &schema, &caller.grants);
        }
        Ok(AuditPage { acts, has_more })
    }
}

/// Acts whose details name no record and no field.
const OF_THE_WORKSPACE: [&str; 4] =
    ["settings.changed", "member.settings_changed", "member.status_set", "job.run_again"];

/// Takes what these grants do not let read from what an act says. Of acts that are not known here nothing is left.
fn hide(act: &mut AuditRecord, schema: &Schema, grants: &Grants) {
    if schema.objects().iter().all(|object| may_read_whole(object, grants))
        || OF_THE_WORKSPACE.contains(&act.action.as_str())
    {
        return;
    }
    let Some(details) = act.details.as_object_mut() else { return };
    if act.action == "member.added" {
        let object = schema.object("member");
        details.retain(|name, _| {
            name == "role" || object.is_some_and(|object| may_read_field(object, name, grants))
        });
        return;
    }
    // What was done to a record. The object may be gone, and with it what says who may read it.
    let object = act.target.split_once(':').and_then(|(object, _)| schema.object(object));
    let object = object.filter(|object| may_read_every_record(object, grants));
    details.retain(|name, _| match name.as_str() {
        "label" => object.is_some_and(|object| may_read_every_name(object, grants)),
        "changes" => true,
        _ => false,
    });
    let Some(changes) = details.get_mut("changes").and_then(Json::as_object_mut) else { return };
    changes.retain(|field, _| object.is_some_and(|object| grants.can_read_field(&object.name, field)));
    if schema.objects().iter().all(|object| may_read_every_name(object, grants)) {
        return;
    }
    // The names of records that the values point to.
    let values = changes.values_mut().filter_map(Json::as_object_mut);
    for value in values.flat_map(|change| change.values_mut()).filter_map(Json::as_object_mut) {
        if value.contains_key("id") {
            value.retain(|part, _| part == "id" || part == "object");
        }
    }
}

fn may_read_every_record(object: &Object, grants: &Grants) -> bool {
    grants.allows(&object.name, Action::Read) && grants.row_rules(&object.name, Action::Read).next().is_none()
}

fn may_read_field(object: &Object, field: &str, grants: &Grants) -> bool {
    may_read_every_record(object, grants) && grants.can_read_field(&object.name, field)
}

fn may_read_every_name(object: &Object, grants: &Grants) -> bool {
    may_read_field(object, &object.label_field, grants)
}

fn may_read_whole(object: &Object, grants: &Grants) -> bool {
    object.fields.iter().all(|field| may_read_field(object, &field.name, grants))
}
