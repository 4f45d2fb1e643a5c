//! What decides whether a caller may do something to a record, found by what decides when they do it.

use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    filter::Readable as _,
    grants::{Action, RowRule},
    ids::RecordId,
    metadata::{Object, system_fields},
};
use sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use uuid::Uuid;

use super::{
    access::{compiled, predicate, require},
    get::{State, current},
    rows::{BASE, col},
};
use crate::{Error, Work};

/// What decides on an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// Nothing stands against it.
    Allowed,
    /// The action on the object is not granted.
    Action,
    /// A field that may not be read, or not be written where the action writes.
    Field(String),
    /// There is no such record.
    Missing,
    /// The record may not be read, because of this rule.
    Unread(RowRule),
    /// The record may be read, and this rule of the action does not let it through.
    Rule(RowRule),
}

/// What decides on an action on an object, on one of its records where one is given, and on these fields.
pub async fn decide(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    action: Action,
    record: Option<RecordId>,
    fields: &[String],
) -> Result<Decided, Error> {
    if require(work, object, action).is_err() {
        return Ok(Decided::Action);
    }
    let grants = &work.caller.grants;
    let may = |field: &&String| match action {
        Action::Create | Action::Update => grants.can_update_field(&object.name, field),
        _ => grants.can_read_field(&object.name, field),
    };
    if let Some(field) = fields.iter().find(|field| object.field(field).is_none() || !may(field)) {
        return Ok(Decided::Field(field.clone()));
    }
    let Some(id) = record.filter(|_| action != Action::Create) else { return Ok(Decided::Allowed) };
    let state = match action {
        Action::Restore | Action::Destroy => State::Any,
        _ => State::Live,
    };
    match current(work, object, id, action, state).await {
        Ok(_) => Ok(Decided::Allowed),
        Err(Error::NotFound { .. }) => {
            Ok(refusing(work, object, id, Action::Read).await?.map_or(Decided::Missing, Decided::Unread))
        }
        Err(Error::NotAllowed { .. }) => {
            Ok(refusing(work, object, id, action).await?.map_or(Decided::Action, Decided::Rule))
        }
        Err(other) => Err(other),
    }
}

/// The first rule of an action that a record, which is there, does not match.
async fn refusing(
    work: &mut Work<'_, '_>,
    object: &Object,
    id: RecordId,
    action: Action,
) -> Result<Option<RowRule>, Error> {
    let caller = work.caller;
    if !exists(work, object, id.as_uuid(), None).await? {
        return Ok(None);
    }
    for rule in caller.grants.row_rules(&object.name, action) {
        let condition = compiled(work, rule, object, BASE);
        if !exists(work, object, id.as_uuid(), Some(condition)).await? {
            return Ok(Some(rule.clone()));
        }
    }
    Ok(None)
}

/// Whether every one of these is a record that the caller may read, deleted or not.
pub async fn knows_all(work: &mut Work<'_, '_>, ids: &[Uuid]) -> Result<bool, Error> {
    let (caller, schema) = (work.caller, work.schema);
    let mut unknown: BTreeSet<Uuid> = ids.iter().copied().collect();
    for object in caller.grants.readable(schema) {
        if unknown.is_empty() {
            break;
        }
        let rules = predicate(work, object, BASE, Action::Read);
        let statement = Query::select()
            .column((BASE, system_fields::ID))
            .from_as(work.tx.table(&object.table()), Alias::new(BASE))
            .and_where(col(BASE, system_fields::ID).is_in(unknown.iter().copied()))
            .and_where_option(rules)
            .take();
        for row in work.tx.fetch_all(&statement).await? {
            unknown.remove(&row.get::<Uuid>(0)?);
        }
    }
    Ok(unknown.is_empty())
}

async fn exists(
    work: &mut Work<'_, '_>,
    object: &Object,
    id: Uuid,
    condition: Option<Expr>,
) -> Result<bool, Error> {
    let statement: SelectStatement = Query::select()
        .expr(Expr::val(1))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id))
        .and_where_option(condition)
        .take();
    Ok(work.tx.fetch_optional(&statement).await?.is_some())
}
