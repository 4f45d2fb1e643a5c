//! Records that may stand for the same person or business as another: those of the same name, mail address,
//! telephone number or domain.
//!
//! Only what an index finds is looked for, so that it costs next to nothing where a record is made.

use std::sync::Arc;

use kontor_core::{
    filter::{FieldPath, Readable as _, Scalar},
    grants::Action,
    ids::RecordId,
    metadata::{Field, Object, system_fields},
    reference::RecordReference,
    value::{Value, Values},
};
use sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement};
use serde_json::{Map, Value as Json};

use super::{
    access::{predicate, require},
    claims::{claimed, holders, is_claimed},
    get::{State, current},
    input,
    related::{Probes, Wanted, look, name_columns},
    rows::{BASE, col, operand},
};
use crate::{Error, Work, kinds};

/// The most that are answered.
pub const MAX_SIMILAR: usize = 5;

/// The record that is looked at: what is given of a new one, or one that is there.
#[derive(Debug, Clone)]
pub enum Likeness {
    Fields(Map<String, Json>),
    Record(RecordId),
}

/// The records that may stand for the same as one of `object`, as far as the caller may read them: at most
/// [`MAX_SIMILAR`], those of its own object first. People are looked for among contacts and leads alike.
///
/// # Errors
/// Fields that are wrong, as when a record is made of them, missing ones apart.
pub async fn similar(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    likeness: &Likeness,
) -> Result<Vec<RecordReference>, Error> {
    require(work, object, Action::Read)?;
    let (values, itself) = match likeness {
        Likeness::Fields(fields) => {
            let (values, errors) = input::read(work, object, fields, None);
            if !errors.is_empty() {
                return Err(Error::all(errors));
            }
            (Values::from_iter(values), None)
        }
        Likeness::Record(id) => {
            let (record, _) = current(work, object, *id, Action::Read, State::Live).await?;
            (record.values, Some(*id))
        }
    };
    let probes =
        Probes { similar: probes(work, object, |name| values.get(name), itself), ..Probes::default() };
    let mut found = look(work, &Wanted::new(), probes).await?.similar;
    found.truncate(MAX_SIMILAR);
    Ok(found)
}

/// What finds the records that may stand for the same as one with these values. Only values that the caller may
/// read are compared, and with values that it may read.
pub(crate) fn probes<'v>(
    work: &Work<'_, '_>,
    object: &Arc<Object>,
    value: impl Fn(&str) -> Option<&'v Value>,
    itself: Option<RecordId>,
) -> Vec<(Arc<Object>, SelectStatement)> {
    if !is_looked_for(object) {
        return Vec::new();
    }
    let alike = work.schema.objects().iter().filter(|other| is_alike(object, other));
    let mut probes = Vec::new();
    for other in std::iter::once(object).chain(alike) {
        if !work.caller.grants.can_read_field(&other.name, &other.label_field) {
            continue;
        }
        let itself = itself.filter(|_| other.name == object.name);
        let found = probes_of(work, object, &value, other, itself);
        probes.extend(found.into_iter().map(|probe| (other.clone(), probe)));
    }
    probes
}

/// Whether records of an object can be told apart by more than their names.
fn is_looked_for(object: &Object) -> bool {
    !object.is_read_only && object.fields.iter().any(|field| kinds::of(&field.kind).identifies)
}

/// Whether records of two objects are people, and so may be the same ones.
fn is_alike(object: &Object, other: &Object) -> bool {
    let is_of_people = |object: &Object| {
        let label = object.field(&object.label_field);
        label.is_some_and(|label| kinds::of(&label.kind).names_people) && is_looked_for(object)
    };
    object.name != other.name && is_of_people(object) && is_of_people(other)
}

/// What finds the records of `other` that have one of these values, each by an index.
fn probes_of<'v>(
    work: &Work<'_, '_>,
    object: &Object,
    value: &impl Fn(&str) -> Option<&'v Value>,
    other: &Object,
    itself: Option<RecordId>,
) -> Vec<SelectStatement> {
    let may_read =
        |object: &Object, field: &Field| work.caller.grants.can_read_field(&object.name, &field.name);
    let mut probes = Vec::new();
    for field in object.fields.iter().filter(|field| may_read(object, field)) {
        let Some(value) = value(&field.name) else { continue };
        let Some(theirs) = counterpart(object, field, other).filter(|theirs| may_read(other, theirs)) else {
            continue;
        };
        if is_claimed(theirs) {
            let addresses: Vec<_> = claimed(value).collect();
            if !addresses.is_empty() {
                let ids = holders(work.tx, other, theirs, &addresses).expr(col(BASE, "record_id")).take();
                probes
                    .push(probe(work, other, itself, |alias| col(alias, system_fields::ID).in_subquery(ids)));
            }
            continue;
        }
        let path = FieldPath::whole(theirs);
        let column = path.column(theirs);
        if let Some(cell @ Scalar::Text(_)) = path.cell(theirs, value) {
            let operand = operand(work.tx.dialect(), &cell);
            probes.push(probe(work, other, itself, |alias| col(alias, &column).eq(operand)));
        }
    }
    probes
}

/// The field of another object that says the same: its name, or the one of the same name and kind.
fn counterpart<'o>(object: &Object, field: &Field, other: &'o Object) -> Option<&'o Field> {
    if field.name == object.label_field {
        return other.field(&other.label_field).filter(|theirs| theirs.kind == field.kind);
    }
    let tells = kinds::of(&field.kind).identifies;
    other.field(&field.name).filter(|theirs| tells && theirs.kind == field.kind && has_index(theirs))
}

fn has_index(field: &Field) -> bool {
    field.is_indexed || field.is_unique
}

fn probe(
    work: &Work<'_, '_>,
    other: &Object,
    itself: Option<RecordId>,
    condition: impl FnOnce(&str) -> Expr,
) -> SelectStatement {
    const INNER: &str = "r9";
    Query::select()
        .exprs(name_columns(work, other, INNER))
        .from_as(work.tx.table(&other.table()), Alias::new(INNER))
        .and_where(condition(INNER))
        .and_where(col(INNER, system_fields::DELETED_AT).is_null())
        .and_where_option(itself.map(|itself| col(INNER, system_fields::ID).ne(itself.as_uuid())))
        .and_where_option(predicate(work, other, INNER, Action::Read))
        .limit(MAX_SIMILAR as u64)
        .take()
}
