use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    metadata::Object,
    operation::{Definition, Effect},
};
use kontor_operations::InTransaction;
use serde_json::{Map, Value as Json, json};

use super::{
    OneRecord, arguments, definition, path, problem_of, render,
    schema::{self, View},
};
use crate::{
    Work,
    records::{self, Record},
};

/// `deal.get`: one record with all its fields.
pub(super) struct Get {
    definition: Definition,
    object: Arc<Object>,
}

impl Get {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let description = format!("Show {} with all its fields.", view.one());
        let properties = schema::properties([("id", schema::record_id())]);
        let parameters = schema::object(properties, &["id"]);
        Self { definition: definition(&object, "get", Effect::Read, description, parameters), object }
    }
}

impl InTransaction for Get {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let OneRecord { id } = arguments(json)?;
            let record = records::get(work, &self.object, id, None, &[]).await.map_err(problem_of)?;
            Ok(result(work, &record, None).into())
        })
    }
}

/// A result about one record, with what the verb has to say beside it.
pub(super) fn result(
    work: &Work<'_, '_>,
    record: &Record,
    beside: Option<(&str, Json)>,
) -> Map<String, Json> {
    let compact = render::alone(record, work.caller.locale.time_zone, work.room);
    let mut result = Map::new();
    result.insert("object".to_owned(), json!(record.object.name));
    result.insert("path".to_owned(), json!(path(&record.object)));
    result.insert("record".to_owned(), compact.json);
    result.extend(beside.map(|(name, value)| (name.to_owned(), value)));
    if compact.is_cut {
        result.insert("truncated".to_owned(), json!("Long texts are cut."));
    }
    result
}
