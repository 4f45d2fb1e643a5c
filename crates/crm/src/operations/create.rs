use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    metadata::Object,
    operation::{Definition, Effect},
};
use kontor_operations::{Error as CallError, InTransaction, requests::Answered};
use serde_json::{Map, Value as Json, json};

use super::{
    arguments, definition, get, problem_of, repeat,
    schema::{self, View},
};
use crate::{Work, records};

/// `deal.create`: a new record.
pub(super) struct Create {
    definition: Definition,
    object: Arc<Object>,
}

impl Create {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let description = format!("Create {}.", view.one());
        let required: Vec<_> = object
            .fields
            .iter()
            .filter(|field| field.is_required && field.default.is_none())
            .map(|field| field.name.as_str())
            .collect();
        let parameters = schema::object(view.writable_properties(), &required);
        Self { definition: definition(&object, "create", Effect::Write, description, parameters), object }
    }
}

impl InTransaction for Create {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let fields: Map<String, Json> = arguments(json)?;
            let record = records::create(work, &self.object, &fields).await.map_err(problem_of)?;
            let similar = (!record.similar.is_empty()).then(|| (records::SIMILAR, json!(record.similar)));
            Ok(get::result(work, &record, similar).into())
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
