use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    metadata::Object,
    operation::{Definition, Effect},
};
use kontor_operations::{Error as CallError, InTransaction, requests::Answered};
use serde_json::{Value as Json, json};

use super::{
    OneRecord, arguments, definition, get, problem_of, repeat,
    schema::{self, View},
};
use crate::{Work, records};

/// `deal.restore`: a deleted record comes back.
pub(super) struct Restore {
    definition: Definition,
    object: Arc<Object>,
}

impl Restore {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let description = format!("Restore {} that was deleted.", view.one());
        let properties = schema::properties([("id", schema::record_id())]);
        let parameters = schema::object(properties, &["id"]);
        Self { definition: definition(&object, "restore", Effect::Write, description, parameters), object }
    }
}

impl InTransaction for Restore {
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
            let record = records::restore(work, &self.object, id).await.map_err(problem_of)?;
            Ok(get::result(work, &record, Some(("restored", json!(true)))).into())
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
