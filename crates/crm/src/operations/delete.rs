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
    OneRecord, arguments, definition, path, problem_of, repeat,
    schema::{self, View},
};
use crate::{Work, records};

/// `deal.delete`: a record is deleted, and can be restored.
pub(super) struct Delete {
    definition: Definition,
    object: Arc<Object>,
}

impl Delete {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let description = format!("Delete {}. A deleted record can be restored.", view.one());
        let properties = schema::properties([("id", schema::record_id())]);
        let parameters = schema::object(properties, &["id"]);
        Self {
            definition: definition(&object, "delete", Effect::Destructive, description, parameters),
            object,
        }
    }
}

impl InTransaction for Delete {
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
            let record = records::delete(work, &self.object, id, None).await.map_err(problem_of)?;
            Ok(json!({
                "object": self.object.name,
                "path": path(&self.object),
                "record": {"id": record.id, "label": record.label},
                "deleted": true,
            }))
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
