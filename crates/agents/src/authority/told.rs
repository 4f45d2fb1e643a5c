//! What an asker may be told: nothing of records, fields and objects that they may not read themselves.

use kontor_core::{
    caller::Caller,
    filter::{Readable as _, check_rule},
    grants::{Action, Grants, Permission, RowRule},
    metadata::Schema,
    text,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Acting,
    explain::{AskedFor, Explanation, Layer, named_action, unknown_record},
};
use crate::{engine::Agents, error::Error};

/// Records that a question about somebody else names at most.
const MOST_IDS: usize = 100;

impl Agents {
    /// To whom may not see roles, an object that they may not read, or a field of one, is as one that there is not.
    pub(super) async fn check_known(&self, asker: &Caller, request: &AskedFor) -> Result<(), Error> {
        if asker.grants.permits(Permission::Roles) {
            return Ok(());
        }
        let of_operation = request.operation.as_deref().and_then(named_action).map(|(object, _)| object);
        let (path, named) = match (&request.object, of_operation) {
            (Some(object), _) => ("request.object", object.as_str()),
            (None, Some(object)) => ("request.operation", object),
            (None, None) => return Ok(()),
        };
        let schema = self.0.crm.schema(asker.workspace).await?;
        let object = schema.object(named).filter(|object| asker.grants.allows(&object.name, Action::Read));
        let Some(object) = object else {
            let told = format!("There is nothing called {:?}.", text::excerpt(named, 60));
            return Err(Error::invalid(path, "unknown", told));
        };
        let is_known =
            |field: &str| object.field(field).is_some() && asker.grants.can_read_field(&object.name, field);
        match request.fields.iter().find(|field| !is_known(field)) {
            None => Ok(()),
            Some(field) => {
                let told = format!("{} has no field {:?}.", object.name, text::excerpt(field, 60));
                Err(Error::invalid("request.fields", "unknown_field", told))
            }
        }
    }

    /// What is answered in the place of what would tell the asker of records or values that they may not read: the
    /// records that the request names are theirs to read, and so are the fields that the subject's rules ask for. About
    /// themselves, it is told as when it is done.
    pub(super) async fn untold(
        &self,
        asker: &Caller,
        acting: &Acting,
        ids: Vec<Uuid>,
    ) -> Result<Option<Explanation>, Error> {
        if acting.is_asker || ids.is_empty() {
            return Ok(None);
        }
        let schema = self.0.crm.schema(asker.workspace).await?;
        if asks_for_hidden(&schema, &acting.caller.grants, &asker.grants) {
            let reason = "A rule of the role asks for a field that you may not read, so it is not told which records it lets through.";
            return Ok(Some(Explanation::denied(Layer::RowRule, reason)));
        }
        let knows_all = ids.len() <= MOST_IDS && self.0.crm.knows_all(asker, ids).await?;
        Ok((!knows_all).then(unknown_record))
    }
}

/// Whether a row rule of a subject names a field that the asker may not read.
fn asks_for_hidden(schema: &Schema, subject: &Grants, asker: &Grants) -> bool {
    let everything = Grants::everything();
    schema.objects().iter().any(|object| {
        let rules = Action::ALL.iter().flat_map(|action| subject.row_rules(&object.name, *action));
        rules.map(RowRule::to_json).any(|rule| {
            check_rule(&rule, object, schema, &everything).is_ok()
                && check_rule(&rule, object, schema, asker).is_err()
        })
    })
}

/// The ids in a request.
pub(super) fn ids_in(json: &Json) -> Vec<Uuid> {
    match json {
        // In every form in which an operation reads one.
        Json::String(text) => Uuid::try_parse(text).into_iter().collect(),
        Json::Array(items) => items.iter().flat_map(ids_in).collect(),
        Json::Object(map) => map.values().flat_map(ids_in).collect(),
        _ => Vec::new(),
    }
}
