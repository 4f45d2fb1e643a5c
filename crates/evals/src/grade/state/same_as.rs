//! The records that reference operations leave on a fresh copy, beside those that the run left. What was made has other
//! ids in each, and is compared by what it holds.

use std::collections::{BTreeMap, BTreeSet};

use kontor_core::{
    ids::RecordId,
    metadata::{Name, Object},
    text,
    value::Values,
};
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use super::{
    super::{Observed, Records},
    canonical, is_compared, is_ignored, told,
};

/// How far references between new records are followed.
const HOPS: usize = 3;

/// What differs, in words.
pub(super) fn differences(ignore: &[String], reference: &Records, observed: &Observed) -> Vec<String> {
    let expected = Side::new(reference, observed, ignore);
    let is = Side::new(&observed.after, observed, ignore);
    let mut wrong = Vec::new();
    for object in observed.schema.objects() {
        if is_ignored(ignore, object, None) {
            continue;
        }
        for (id, _) in observed.before.all(object.name.as_str()) {
            compare(object, id, &expected, &is, &mut wrong);
        }
        let (mut missing, mut more) = (expected.made(object), is.made(object));
        missing.retain(|(signature, _)| !take(&mut more, signature));
        for (_, values) in missing {
            wrong.push(format!("{} is missing: {}", told(object, values), held(object, values)));
        }
        for (_, values) in more {
            wrong.push(format!(
                "{} was made and is not expected: {}",
                told(object, values),
                held(object, values)
            ));
        }
    }
    wrong
}

fn take(all: &mut Vec<(String, &Values)>, signature: &str) -> bool {
    let found = all.iter().position(|(other, _)| other == signature);
    found.map(|at| all.swap_remove(at)).is_some()
}

/// What a record holds, in short.
fn held(object: &Object, values: &Values) -> String {
    let filled = object.fields.iter().filter(|field| is_compared(field)).filter_map(|field| {
        let json = canonical::of(field, values.get(field.name.as_str()));
        (!json.is_null()).then(|| (field.name.to_string(), json))
    });
    text::excerpt(&Json::Object(filled.collect::<Map<_, _>>()).to_string(), 300)
}

/// A record that was there before, on both sides.
fn compare(object: &Object, id: RecordId, expected: &Side<'_>, is: &Side<'_>, wrong: &mut Vec<String>) {
    let name = object.name.as_str();
    match (expected.records.get(name, id), is.records.get(name, id)) {
        (Some(theirs), Some(ours)) => {
            let (expected, is) = (expected.shown(object, theirs), is.shown(object, ours));
            for (field, value) in &is {
                let other = expected.get(field).unwrap_or(&Json::Null);
                if value != other {
                    wrong.push(format!("{}: {field} is {value} instead of {other}", told(object, ours)));
                }
            }
        }
        (Some(theirs), None) => wrong.push(format!("{} was deleted", told(object, theirs))),
        (None, Some(ours)) => wrong.push(format!("{} was not deleted", told(object, ours))),
        (None, None) => {}
    }
}

/// The records of one side.
struct Side<'r> {
    records: &'r Records,
    before: &'r Records,
    ignore: &'r [String],
    /// What stands for a record that was made, wherever others point to it.
    signatures: BTreeMap<RecordId, String>,
}

impl<'r> Side<'r> {
    fn new(records: &'r Records, observed: &'r Observed, ignore: &'r [String]) -> Self {
        let mut side = Self { records, before: &observed.before, ignore, signatures: BTreeMap::new() };
        let objects = observed.schema.objects();
        let made: Vec<_> = objects
            .iter()
            .flat_map(|object| {
                let all = records.all(object.name.as_str());
                let before = &observed.before;
                let new = all.filter(|(id, _)| before.get(object.name.as_str(), *id).is_none());
                new.map(move |(id, values)| (object, id, values))
            })
            .collect();
        side.signatures =
            made.iter().map(|(object, id, _)| (*id, format!("a new {}", object.name))).collect();
        for _ in 0..HOPS {
            let next =
                made.iter().map(|(object, id, values)| (*id, side.signature(object, values))).collect();
            side.signatures = next;
        }
        side
    }

    fn signature(&self, object: &Object, values: &Values) -> String {
        let json: BTreeMap<_, _> = self.shown(object, values);
        let written = serde_json::to_string(&json).unwrap_or_default();
        format!("a new {} {}", object.name, text::hex(&Sha256::digest(written)[..8]))
    }

    /// The fields of a record that are compared, with signatures in the place of ids of new records.
    fn shown(&self, object: &Object, values: &Values) -> BTreeMap<Name, Json> {
        let fields = object.fields.iter().filter(|field| is_compared(field));
        let kept = fields.filter(|field| !is_ignored(self.ignore, object, Some(field)));
        kept.map(|field| {
            let mut json = canonical::of(field, values.get(field.name.as_str()));
            self.sign(&mut json);
            (field.name.clone(), json)
        })
        .collect()
    }

    fn sign(&self, json: &mut Json) {
        match json {
            Json::String(id) => {
                let signature = id.parse().ok().and_then(|id| self.signatures.get(&id));
                if let Some(signature) = signature {
                    id.clone_from(signature);
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.sign(item)),
            Json::Object(members) => members.values_mut().for_each(|member| self.sign(member)),
            _ => {}
        }
    }

    /// The records that were made, each with its signature.
    fn made(&self, object: &Object) -> Vec<(String, &'r Values)> {
        let name = object.name.as_str();
        let all = self.records.all(name);
        let known: BTreeSet<_> = self.before.all(name).map(|(id, _)| id).collect();
        all.filter(|(id, _)| !known.contains(id))
            .map(|(_, values)| (self.signature(object, values), values))
            .collect()
    }
}
