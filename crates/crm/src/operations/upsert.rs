use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::{Issue, Problem},
    metadata::{Field, Object},
    operation::{Definition, Effect},
};
use kontor_operations::InTransaction;
use serde_json::{Map, Value as Json, json};

use super::{
    arguments, definition, get, path, problem_of, render,
    schema::{self, View},
};
use crate::{
    Work,
    records::{self, Upserted},
};

/// The argument that names what a record is told by.
const BY: &str = "by";

/// `contact.upsert`: a record is made or, where there is one already, changed.
pub(super) struct Upsert {
    definition: Definition,
    object: Arc<Object>,
}

impl Upsert {
    /// The operation, for an object whose records are told apart by a field that the caller reads and writes.
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Option<Self> {
        let is_telling =
            |field: &&Field| field.is_unique && view.readable().any(|readable| readable.name == field.name);
        let names: Vec<_> = view.writable().filter(is_telling).map(|field| field.name.to_string()).collect();
        if names.is_empty() || object.field(BY).is_some() {
            return None;
        }
        let description = format!(
            "Create {} or, where one has the same {}, change it. Answers in \"outcome\" whether it was created, updated, \
             unchanged, or ambiguous: then \"candidates\" lists the records that it could be, and nothing was done.",
            view.one(),
            names.join(" or ")
        );
        let told = "What the record is told by; every one of them that has a value, unless given.";
        let mut properties = schema::properties([(BY, json!({"enum": names, "description": told}))]);
        properties.extend(view.writable_properties());
        let parameters = schema::object(properties, &[]);
        let definition = definition(&object, "upsert", Effect::Write, description, parameters);
        Some(Self { definition, object })
    }
}

impl InTransaction for Upsert {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let mut fields: Map<String, Json> = arguments(json)?;
            let by = match fields.remove(BY) {
                None => None,
                Some(Json::String(by)) => Some(by),
                Some(_) => {
                    return Err(Problem::invalid(vec![Issue::new(
                        BY,
                        "wrong_type",
                        "expected a field's name",
                    )]));
                }
            };
            let done =
                records::upsert(work, &self.object, by.as_deref(), &fields).await.map_err(problem_of)?;
            let (outcome, record, beside) = match done {
                Upserted::Created(record) => {
                    let similar =
                        (!record.similar.is_empty()).then(|| (records::SIMILAR, json!(record.similar)));
                    ("created", record, similar)
                }
                Upserted::Updated(updated) => {
                    let mut changes = json!(updated.changes);
                    render::localise_changes(&mut changes, &self.object, work.caller.locale.time_zone);
                    render::cut(&mut changes, render::IN_LIST);
                    ("updated", updated.record, Some(("changes", changes)))
                }
                Upserted::Unchanged(record) => ("unchanged", record, None),
                Upserted::Ambiguous(candidates) => {
                    let candidates: Vec<_> = candidates
                        .iter()
                        .map(|record| json!({"object": record.object.name, "id": record.id, "label": record.label}))
                        .collect();
                    return Ok(json!({
                        "outcome": "ambiguous",
                        "object": self.object.name,
                        "path": path(&self.object),
                        "candidates": candidates,
                    }));
                }
            };
            let mut result = Map::new();
            result.insert("outcome".to_owned(), json!(outcome));
            result.extend(get::result(work, &record, beside));
            Ok(result.into())
        })
    }
}
