use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    grants::Grants,
    metadata::Schema,
    operation::{Definition, Effect},
};
use kontor_operations::{InTransaction, Operation};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    arguments, path, problem_of,
    schema::{self, View},
};
use crate::{Work, search};

const MOST: u32 = 20;
const DEFAULT: u32 = 10;

/// `search`: records of any kind by their words.
struct Search {
    definition: Definition,
}

#[derive(Deserialize)]
struct Arguments {
    query: String,
    objects: Option<Vec<String>>,
    limit: Option<u32>,
}

/// The operation, for a caller who may read a field that is searched.
pub(super) fn operation(schema: &Schema, grants: &Grants) -> Option<Operation> {
    let searchable: Vec<_> = schema
        .objects()
        .iter()
        .filter(|object| {
            let view = View { schema, grants, object };
            view.sees(&object.name) && view.readable().any(|field| field.is_searchable)
        })
        .map(|object| &object.name)
        .collect();
    if searchable.is_empty() {
        return None;
    }
    let mut query = schema::words();
    query["minLength"] = json!(1);
    let properties = schema::properties([
        ("query", query),
        (
            "objects",
            json!({
                "type": "array",
                "items": {"enum": searchable},
                "description": "The kinds of records to look among; all unless given.",
            }),
        ),
        ("limit", schema::limit(MOST, DEFAULT)),
    ]);
    let definition = Definition {
        name: "search".to_owned(),
        description: "Search records of every kind by words of their names, addresses and texts.".to_owned(),
        parameters: Arc::new(schema::object(properties, &["query"])),
        effect: Effect::Read,
    };
    Some(Operation::InTransaction(Arc::new(Search { definition })))
}

impl InTransaction for Search {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let Arguments { query, objects, limit } = arguments(json)?;
            let limit = limit.unwrap_or(DEFAULT).min(MOST);
            let hits = search::search(work, &query, objects.as_deref(), limit).await.map_err(problem_of)?;
            let results: Vec<_> = hits
                .iter()
                .map(|hit| {
                    json!({"object": hit.object.name, "id": hit.id, "label": hit.label, "path": path(&hit.object)})
                })
                .collect();
            Ok(json!({"results": results}))
        })
    }
}
