use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    grants::{Action, Grants},
    metadata::{Field, Object, Schema},
    operation::{Definition, Effect},
};
use kontor_operations::{Error as CallError, InTransaction, Operation, requests::Answered};
use serde_json::{Map, Value as Json, json};

use super::{
    arguments, definition, get, problem_of, repeat,
    schema::{self, View},
};
use crate::{Work, records};

/// The standard fields of an activity that logging one takes, the ones it cannot do without first.
const REQUIRED: [&str; 3] = ["type", "subject", "target"];
const OPTIONAL: [&str; 2] = ["body", "happened_at"];

/// `activity.log`: an email, a call or a meeting about a record, in as few arguments as it takes and with what
/// the workspace has added to its activities.
struct LogActivity {
    definition: Definition,
    object: Arc<Object>,
}

/// The operation, for a caller who may create activities with what it takes.
pub(super) fn operation(schema: &Schema, grants: &Grants) -> Option<Operation> {
    let object = schema.object("activity")?;
    let view = View { schema, grants, object };
    if !grants.allows(&object.name, Action::Create) || !view.can_fill_required() {
        return None;
    }
    let property = |name: &str| {
        let field = view.writable().find(|field| field.name == name)?;
        Some((name.to_owned(), view.property(field)))
    };
    let mut properties = REQUIRED.into_iter().map(property).collect::<Option<Map<_, _>>>()?;
    // A target may be left out of an activity, but not of one that is logged about something.
    properties["target"]["type"] = json!("object");
    properties.extend(OPTIONAL.into_iter().filter_map(property));
    let is_needed = |field: &&Field| field.is_required && field.default.is_none();
    let others = view.writable().filter(|field| field.is_custom || is_needed(field));
    properties.extend(others.filter_map(|field| property(&field.name)));
    let needed = object.fields.iter().filter(is_needed).map(|field| field.name.as_str());
    let required: Vec<_> =
        REQUIRED.into_iter().chain(needed.filter(|name| !REQUIRED.contains(name))).collect();
    let kinds: Vec<_> =
        object.field("type")?.kind.options().iter().map(|option| option.label.to_lowercase()).collect();
    let description =
        format!("Log an activity that took place ({}) on a record's timeline.", kinds.join(", "));
    let parameters = schema::object(properties, &required);
    Some(Operation::InTransaction(Arc::new(LogActivity {
        definition: definition(object, "log", Effect::Write, description, parameters),
        object: object.clone(),
    })))
}

impl InTransaction for LogActivity {
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
            Ok(get::result(work, &record, None).into())
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
