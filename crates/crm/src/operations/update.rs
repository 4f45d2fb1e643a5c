use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::{Issue, Problem},
    ids::RecordId,
    metadata::Object,
    operation::{Definition, Effect},
};
use kontor_operations::{Error as CallError, InTransaction, requests::Answered};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{
    arguments, definition, get, problem_of, render, repeat,
    schema::{self, View},
};
use crate::{Work, records};

/// `deal.update`: some fields of a record get other values.
pub(super) struct Update {
    definition: Definition,
    object: Arc<Object>,
}

#[derive(Deserialize)]
struct Arguments {
    id: RecordId,
    #[serde(flatten)]
    fields: Map<String, Json>,
}

impl Update {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let description = format!(
            "Change fields of {}. Fields that are not given stay as they are; null empties a field.",
            view.one()
        );
        let mut properties = schema::properties([("id", schema::record_id())]);
        properties.extend(view.writable_properties());
        let parameters = schema::object(properties, &["id"]);
        Self { definition: definition(&object, "update", Effect::Write, description, parameters), object }
    }
}

impl InTransaction for Update {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let Arguments { id, fields } = arguments(json)?;
            if fields.is_empty() {
                let message = "give at least one field to change beside the id";
                return Err(Problem::invalid(vec![Issue::new("", "required", message)]));
            }
            let updated = records::update(work, &self.object, id, &fields, None).await.map_err(problem_of)?;
            let mut changes = json!(updated.changes);
            let zone = work.caller.locale.time_zone;
            render::localise_changes(&mut changes, &self.object, zone);
            render::cut(&mut changes, render::IN_LIST);
            Ok(get::result(work, &updated.record, Some(("changes", changes))).into())
        })
    }

    fn repeat<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        answered: Answered<Json>,
    ) -> BoxFuture<'r, Result<Json, CallError>> {
        Box::pin(repeat::result(work, answered))
    }
}
