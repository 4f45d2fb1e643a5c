//! The operations on records: what a caller can have done, by name, with schemas that say how.
//!
//! A catalogue is derived from a workspace's metadata and one caller's grants, so that chat tools, MCP tools
//! and workflow actions offer exactly what the caller may do: no operation, field or option beyond it. The
//! use cases check the same grants again when they run.

mod activity_log;
mod create;
mod delete;
mod figures;
mod find;
mod get;
mod group;
mod render;
mod repeat;
mod restore;
mod schema;
mod search;
#[cfg(test)]
mod tests;
mod timeline;
mod update;
mod upsert;

use std::sync::Arc;

use kontor_core::{
    error::{Chain, ErrorKind, Fault, Problem},
    grants::{Action, Grants},
    ids::RecordId,
    metadata::{Object, Schema},
    operation::{Definition, Effect},
};
use kontor_operations::{Contributor, Operation, arguments};
use serde::Deserialize;
use serde_json::Value as Json;

use self::schema::View;
use crate::Error;

/// What this crate contributes to the catalogues: the operations on records, the search and the activity log.
pub struct RecordOperations;

impl Contributor for RecordOperations {
    fn operations(&self, schema: &Arc<Schema>, grants: &Grants) -> Vec<Operation> {
        let mut operations = Vec::new();
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
        operations
    }
}

fn reading(view: View<'_>, object: &Arc<Object>, operations: &mut Vec<Operation>) {
    operations.push(Operation::InTransaction(Arc::new(find::Find::new(view, object.clone()))));
    operations.push(Operation::InTransaction(Arc::new(get::Get::new(view, object.clone()))));
    operations.push(Operation::InTransaction(Arc::new(group::GroupBy::new(view, object.clone()))));
    operations.push(Operation::InTransaction(Arc::new(timeline::Timeline::new(view, object.clone()))));
}

fn writing(view: View<'_>, object: &Arc<Object>, operations: &mut Vec<Operation>) {
    let allows = |action| view.grants.allows(&object.name, action);
    if allows(Action::Create) && view.can_fill_required() {
        operations.push(Operation::InTransaction(Arc::new(create::Create::new(view, object.clone()))));
    }
    if allows(Action::Update) && view.writable().next().is_some() {
        operations.push(Operation::InTransaction(Arc::new(update::Update::new(view, object.clone()))));
    }
    if allows(Action::Delete) {
        operations.push(Operation::InTransaction(Arc::new(delete::Delete::new(view, object.clone()))));
    }
    if allows(Action::Restore) {
        operations.push(Operation::InTransaction(Arc::new(restore::Restore::new(view, object.clone()))));
    }
}

/// What this crate contributes for programs: they say what they want as a whole, which agents of chats do step by step.
pub struct ProgramOperations;

impl Contributor for ProgramOperations {
    fn operations(&self, schema: &Arc<Schema>, grants: &Grants) -> Vec<Operation> {
        let mut operations = Vec::new();
        for object in schema.objects().iter().filter(|object| !object.is_read_only) {
            let view = View { schema, grants, object };
            let allows = |action| grants.allows(&object.name, action);
            if view.sees(&object.name)
                && allows(Action::Create)
                && allows(Action::Update)
                && view.can_fill_required()
            {
                let upsert = upsert::Upsert::new(view, object.clone());
                operations.extend(upsert.map(|upsert| Operation::InTransaction(Arc::new(upsert))));
            }
        }
        operations.extend(figures::operation(schema, grants));
        operations
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

/// A failure as it is told to whoever called; what is a fault of ours is logged with its sources here, where
/// they are still known.
fn problem_of(error: Error) -> Problem {
    let problem = error.problem();
    if problem.kind == ErrorKind::Internal {
        tracing::error!(error = %Chain(&error), "an operation failed");
    }
    problem
}
