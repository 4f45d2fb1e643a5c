//! What follows from a value: the relation behind a target, what a stage decides, the names that are kept.

use std::collections::BTreeSet;

use kontor_core::{
    error::Issue,
    metadata::{Name, Object},
    value::{TargetReference, Value, Values},
};

use super::{
    input::NewValues,
    pipeline::{self, Said},
    related::{Labels, Wanted, collect, pointed},
};
use crate::Work;

/// Completes what the input says, which is never overruled, and tells what contradicts itself.
pub(crate) fn settle(work: &Work<'_, '_>, said: &Said<'_>, values: &mut NewValues) -> Vec<Issue> {
    for field in &said.object.fields {
        if let Some(objects) = field.kind.targets() {
            settle_target(said.object, &field.name, objects, said.given, said.current, values);
        }
    }
    pipeline::settle(work, said, values)
}

fn settle_target(
    object: &Object,
    field: &Name,
    objects: &[Name],
    given: &BTreeSet<Name>,
    current: &Values,
    values: &mut NewValues,
) {
    let is_direct =
        |name: &Name| object.field(name).is_some_and(|direct| direct.kind.relation() == Some(name));
    let direct: Vec<&Name> = objects.iter().filter(|name| is_direct(name)).collect();
    match values.get(field).cloned() {
        Some(target) => {
            for name in direct.into_iter().filter(|name| !given.contains(*name)) {
                let value = match &target {
                    Value::Target(target) if target.object == *name => {
                        target.id.map_or(Value::Null, Value::Relation)
                    }
                    _ => Value::Null,
                };
                values.insert(name.clone(), value);
            }
        }
        None => {
            let target = match current.get(field) {
                Some(Value::Target(target)) => Some(target),
                _ => None,
            };
            for name in direct {
                let Some(value) = values.get(name).cloned() else { continue };
                let is_followed = match target {
                    None => true,
                    Some(target) => target.object == *name || target.id.is_none(),
                };
                if is_followed && !values.contains_key(field) {
                    let followed = match value {
                        Value::Relation(id) => Value::Target(Box::new(TargetReference {
                            object: name.clone(),
                            id: Some(id),
                            name: String::new(),
                        })),
                        // Clearing one relation says nothing about a target that is another.
                        _ if target.is_some_and(|target| target.object == *name) => Value::Null,
                        _ => continue,
                    };
                    values.insert(field.clone(), followed);
                }
            }
        }
    }
}

/// The records that new values point to.
pub(crate) fn references(object: &Object, values: &NewValues, wanted: &mut Wanted) {
    for field in &object.fields {
        if let Some(value) = values.get(&field.name) {
            collect(&field.kind, value, wanted);
        }
    }
}

/// Gives new targets the names of their records, and tells which new values point to no record that the
/// caller may read. What the system filled in (`given` does not name it) needs only to exist.
pub(crate) fn resolve(
    object: &Object,
    given: &BTreeSet<Name>,
    labels: &Labels,
    values: &mut NewValues,
) -> Vec<Issue> {
    let (mut issues, mut followed) = (Vec::new(), Vec::new());
    for field in &object.fields {
        let pointed = values.get(&field.name).and_then(|value| pointed(&field.kind, value));
        let Some((target, id)) = pointed.map(|(target, id)| (target.clone(), id)) else { continue };
        let is_given = given.contains(&field.name);
        let found = labels.get(&target, id).filter(|found| !is_given || (found.is_live && found.is_readable));
        match (found, values.get_mut(&field.name)) {
            (None, _) => {
                let message = format!("there is no {target} {id}");
                let issue = Issue::new(field.name.as_str(), "unknown_record", message);
                if is_given { issues.push(issue) } else { followed.push(issue) }
            }
            (Some(found), Some(Value::Target(target))) => target.name.clone_from(&found.label),
            (Some(_), _) => {}
        }
    }
    // What followed from a wrong value is no mistake of its own, and may be hidden from the caller.
    if issues.is_empty() { followed } else { issues }
}
