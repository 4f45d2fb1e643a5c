//! A caller's JSON as values: what exists for the caller, what it may write, what a field takes.

use std::{borrow::Cow, collections::BTreeMap};

use kontor_core::{
    error::Issue,
    filter::Readable as _,
    grants::Action,
    metadata::{DefaultOfMoment, Field, Name, Object, system_fields},
    text,
    value::{Value, Values, parse_value},
};
use serde_json::{Map, Value as Json};

use super::access::is_kept;
use crate::{Error, Work};

/// New values by field.
pub(crate) type NewValues = BTreeMap<Name, Value>;

/// The values of the fields that the input names, and all that is wrong with it. Parts of composite values that it
/// does not name are kept from `current`.
pub(crate) fn read(
    work: &Work<'_, '_>,
    object: &Object,
    input: &Map<String, Json>,
    current: Option<&Values>,
) -> (NewValues, Vec<Error>) {
    let grants = &work.caller.grants;
    let mut values = NewValues::new();
    let (mut wrong, mut forbidden) = (Vec::new(), Vec::new());
    for (name, json) in input {
        let path = text::excerpt(name, 60);
        let Some(field) = object.field(name).filter(|_| grants.can_read_field(&object.name, name)) else {
            wrong.push(unknown(work, object, &path));
            continue;
        };
        if field.is_system {
            wrong.push(Issue::new(path, "read_only", format!("{name} is written by the system")));
        } else if !field.is_custom && is_kept(work, object) {
            wrong.push(Issue::new(path, "read_only", format!("{name} follows the {} itself", object.name)));
        } else if !grants.can_update_field(&object.name, name) {
            forbidden.push(Issue::new(path, "field_not_writable", format!("you may not write {name}")));
        } else {
            match parse_value(
                &readable_part(work, field),
                json,
                current.and_then(|values| values.get(name)),
                &work.caller.locale,
            ) {
                Ok(value) => {
                    values.insert(field.name.clone(), value);
                }
                Err(issues) => wrong.extend(issues.into_iter().map(|issue| issue.within(name))),
            }
        }
    }
    let mut errors = Vec::new();
    if !wrong.is_empty() {
        errors.push(Error::Invalid(wrong));
    }
    if !forbidden.is_empty() {
        errors.push(Error::FieldsNotWritable(forbidden));
    }
    (values, errors)
}

/// The field as the caller knows it: a target that can be only what the caller may read.
fn readable_part<'f>(work: &Work<'_, '_>, field: &'f Field) -> Cow<'f, Field> {
    let may_read = |object: &Name| work.caller.grants.allows(object, Action::Read);
    match field.kind.targets() {
        Some(objects) if !objects.iter().all(may_read) => {
            Cow::Owned(Field { kind: field.kind.clone().with_targets(may_read), ..field.clone() })
        }
        _ => Cow::Borrowed(field),
    }
}

fn unknown(work: &Work<'_, '_>, object: &Object, name: &str) -> Issue {
    let grants = &work.caller.grants;
    let known = object
        .fields
        .iter()
        .filter(|field| !field.is_system && grants.can_update_field(&object.name, &field.name));
    let near = text::suggestion(name, known.map(|field| field.name.as_str()));
    Issue::new(name, "unknown_field", format!("{} has no field {name:?}.{near}", object.name))
}

/// Fills what a new record is given where the input says nothing.
pub(crate) fn fill_defaults(work: &Work<'_, '_>, object: &Object, values: &mut NewValues) {
    for field in &object.fields {
        if values.contains_key(&field.name) {
            continue;
        }
        if let Some(value) = default(work, object, field) {
            values.insert(field.name.clone(), value);
        }
    }
}

fn default(work: &Work<'_, '_>, object: &Object, field: &Field) -> Option<Value> {
    let me = || work.caller.member().map(|member| Value::Relation(member.as_uuid().into()));
    let Some(json) = &field.default else {
        let is_owner = field.name == *system_fields::OWNER && field.kind.relation().is_some();
        return if is_owner { me() } else { None };
    };
    match field.kind.default_of_moment(json) {
        Some(DefaultOfMoment::Now) => Some(Value::DateTime(work.now)),
        Some(DefaultOfMoment::Today) => Some(Value::Date(work.today())),
        Some(DefaultOfMoment::Me) => me(),
        None => parse_value(field, json, None, &work.caller.locale)
            .inspect_err(|issues| tracing::warn!(object = %object.name, field = %field.name, ?issues, "a default does not fit its field"))
            .ok(),
    }
}

/// The required fields that would be left empty.
pub(crate) fn missing(object: &Object, is_empty: impl Fn(&Field) -> bool) -> Vec<Issue> {
    object
        .fields
        .iter()
        .filter(|field| field.is_required && !field.is_system && is_empty(field))
        .map(|field| Issue::new(field.name.as_str(), "required", format!("{} is required", field.name)))
        .collect()
}
