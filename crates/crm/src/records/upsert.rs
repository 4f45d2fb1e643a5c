//! A record made or changed, whichever is needed: found by a value that no two live records share.

use std::sync::Arc;

use kontor_core::{
    error::Issue,
    filter::Readable as _,
    grants::Action,
    metadata::{Field, Object},
};
use serde_json::{Map, Value as Json};

use super::{access::require, create::create, get::get, input, record::Record, unique, update::update};
use crate::{Error, Work, records::Updated};

/// Records that are looked at of those that have one of the values.
const MOST: usize = 10;

/// What became of it.
#[derive(Debug, Clone)]
pub enum Upserted {
    Created(Record),
    Updated(Updated),
    /// The record has these values already.
    Unchanged(Record),
    /// The values belong to several records: nothing was done.
    Ambiguous(Vec<Record>),
}

/// Makes a record of these fields or, where one has the same value of a unique field, changes that one. It is told by
/// the field `by`; without, by every unique field that has a value.
///
/// A unique field of several values is not changed where the record has the given ones among them, so that the others
/// stay.
///
/// # Errors
/// As creating and updating; where no unique field is given.
pub async fn upsert(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    by: Option<&str>,
    fields: &Map<String, Json>,
) -> Result<Upserted, Error> {
    require(work, object, Action::Read)?;
    let (values, errors) = input::read(work, object, fields, None);
    if !errors.is_empty() {
        return Err(Error::all(errors));
    }
    let unique: Vec<&Field> = telling(work, object).collect();
    let told: Vec<&Field> = unique
        .iter()
        .copied()
        .filter(|field| by.is_none_or(|by| field.name == by))
        .filter(|field| values.get(&field.name).is_some_and(|value| !value.is_null()))
        .collect();
    if told.is_empty() {
        let names: Vec<_> = unique.iter().map(|field| field.name.as_str()).collect();
        let message = format!("give a value of what tells records apart: {}", names.join(", "));
        return Err(Error::invalid(Issue::new(by.unwrap_or_default(), "required", message)));
    }
    let mut found = Vec::new();
    for id in unique::holders(work, object, &told, &values).await?.into_iter().take(MOST) {
        match get(work, object, id, None, &[]).await {
            Ok(record) => found.push(record),
            // That it is there is told by what making a record says, as far as it may be.
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    match found.len() {
        0 => create(work, object, fields).await.map(Upserted::Created),
        1 => {
            let Some(record) = found.pop() else { return Ok(Upserted::Ambiguous(found)) };
            let mut patch = fields.clone();
            for field in told {
                let (held, given) = (record.values.get(&field.name), values.get(&field.name));
                if let (Some(held), Some(given)) = (held, given)
                    && unique::holds(field, held, given)
                {
                    patch.remove(field.name.as_str());
                }
            }
            if patch.is_empty() {
                return Ok(Upserted::Unchanged(record));
            }
            let updated = update(work, object, record.id, &patch, None).await?;
            let is_same = updated.record.version == record.version;
            Ok(if is_same { Upserted::Unchanged(updated.record) } else { Upserted::Updated(updated) })
        }
        _ => Ok(Upserted::Ambiguous(found)),
    }
}

/// The unique fields that the caller reads and writes.
fn telling<'o>(work: &Work<'_, '_>, object: &'o Object) -> impl Iterator<Item = &'o Field> {
    let grants = work.caller.grants.clone();
    object.fields.iter().filter(move |field| {
        field.is_unique
            && !field.is_system
            && grants.can_read_field(&object.name, &field.name)
            && grants.can_update_field(&object.name, &field.name)
    })
}
