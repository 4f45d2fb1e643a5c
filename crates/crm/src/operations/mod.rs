//! The operations on records: what a caller can have done, by name, with schemas that say how.
//!
//! A catalogue is derived from a workspace's metadata and one caller's grants, so that chat tools, MCP tools
//! and workflow actions offer exactly what the caller may do: no operation, field or option beyond it. The
//! use cases check the same grants again when they run.

mod activity_log;
mod cache;
mod create;
mod delete;
mod find;
mod get;
mod group;
mod render;
mod restore;
mod run;
mod schema;
mod search;
#[cfg(test)]
mod tests;
mod timeline;
mod update;

use std::sync::Arc;

use kontor_core::{
    error::{Chain, ErrorKind, Fault, Issue, Problem},
    grants::{Action, Grants},
    ids::RecordId,
    metadata::{Object, Schema},
    operation::{Definition, Effect, Operation, Registry},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value as Json;

pub(crate) use self::cache::CatalogueCache;
use self::schema::View;
use crate::{Error, WorkFamily};

/// All that a caller with these grants can have done in a workspace of this schema. Making it takes
/// milliseconds; [`Crm::catalogue`](crate::Crm::catalogue) keeps what was made.
pub fn catalogue(schema: &Arc<Schema>, grants: &Grants) -> Registry<WorkFamily> {
    let mut operations: Vec<Arc<dyn Operation<WorkFamily>>> = Vec::new();
    for object in schema.objects() {
        let view = View { schema, grants, object };
        if view.sees(&object.name) {
            reading(view, object, &mut operations);
            if !object.is_read_only {
                writing(view, object, &mut operations);
            }
        }
    }
    operations.extend(search::operation(schema, grants));
    operations.extend(activity_log::operation(schema, grants));
    Registry::new(operations)
}

fn reading(view: View<'_>, object: &Arc<Object>, operations: &mut Vec<Arc<dyn Operation<WorkFamily>>>) {
    operations.push(Arc::new(find::Find::new(view, object.clone())));
    operations.push(Arc::new(get::Get::new(view, object.clone())));
    operations.push(Arc::new(group::GroupBy::new(view, object.clone())));
    operations.push(Arc::new(timeline::Timeline::new(view, object.clone())));
}

fn writing(view: View<'_>, object: &Arc<Object>, operations: &mut Vec<Arc<dyn Operation<WorkFamily>>>) {
    let allows = |action| view.grants.allows(&object.name, action);
    if allows(Action::Create) && view.can_fill_required() {
        operations.push(Arc::new(create::Create::new(view, object.clone())));
    }
    if allows(Action::Update) && view.writable().next().is_some() {
        operations.push(Arc::new(update::Update::new(view, object.clone())));
    }
    if allows(Action::Delete) {
        operations.push(Arc::new(delete::Delete::new(view, object.clone())));
    }
    if allows(Action::Restore) {
        operations.push(Arc::new(restore::Restore::new(view, object.clone())));
    }
}

fn definition(
    object: &Object,
    verb: &str,
    effect: Effect,
    description: String,
    parameters: Json,
) -> Definition {
    Definition {
        name: format!("{}.{verb}", object.name),
        description,
        parameters: Arc::new(parameters),
        effect,
    }
}

/// Where the records of an object are shown.
fn path(object: &Object) -> String {
    format!("/records/{}", object.plural)
}

/// The arguments of operations on one record.
#[derive(Deserialize)]
struct OneRecord {
    id: RecordId,
}

/// Arguments in their own type. They fit the schema already, so what fails here is a schema that says less
/// than the type.
fn arguments<T: DeserializeOwned>(json: Json) -> Result<T, Problem> {
    serde_json::from_value(json)
        .map_err(|error| Problem::invalid(vec![Issue::new("", "invalid_argument", error.to_string())]))
}

/// A failure as it is told to whoever called; what is a fault of ours is logged with its sources here, where
/// they are still known.
fn told(error: Error) -> Problem {
    let problem = error.problem();
    if problem.kind == ErrorKind::Internal {
        tracing::error!(error = %Chain(&error), "an operation failed");
    }
    problem
}
