//! What is written about a change beside the change itself, in the same transaction: the timeline's entry,
//! the outbox's event and, for some, the audit's entry.

use std::collections::BTreeMap;

use kontor_core::{
    actor::Principal,
    grants::Action,
    ids::RecordId,
    metadata::{Field, Name, Object, system_fields},
    value::{Value, Values},
};
use kontor_store::{AuditEntry, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{input::NewValues, record::Record, related::Labels};
use crate::{
    Work,
    outbox::{self, Event},
    timeline::{self, NewEntry},
};

/// A field's value before and after, as the API shows values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Change {
    #[serde(default)]
    pub before: Json,
    #[serde(default)]
    pub after: Json,
}

/// What was changed, by field.
pub type Changes = BTreeMap<Name, Change>;

/// Something done to a record.
pub(crate) struct Act<'o> {
    pub(crate) object: &'o Object,
    pub(crate) id: RecordId,
    pub(crate) label: String,
    pub(crate) action: Action,
    pub(crate) changes: Changes,
    /// The records it is about, on whose timelines the act appears too.
    pub(crate) targets: Vec<AboutRecord>,
}

/// A record that another is about: its object, its id and the name that is kept of it.
pub(crate) type AboutRecord = (Name, RecordId, String);

impl<'o> Act<'o> {
    /// An act on a record, which holds all its fields.
    pub(crate) fn on(object: &'o Object, record: &Record, action: Action, changes: Changes) -> Self {
        let targets = targets(object, record).collect();
        Self { object, id: record.id, label: record.label.clone(), action, changes, targets }
    }

    /// The act on a record that was about others before, which are told as well.
    pub(crate) fn away_from(mut self, before: &Record) -> Self {
        for (object, id, name) in targets(self.object, before) {
            if !self.targets.iter().any(|known| (&known.0, known.1) == (&object, id)) {
                self.targets.push((object, id, name));
            }
        }
        self
    }
}

/// The records that a record is about.
fn targets<'r>(object: &'r Object, record: &'r Record) -> impl Iterator<Item = AboutRecord> {
    record.values.of(object).filter_map(|(_, value)| match value {
        Value::Target(target) => Some((target.object.clone(), target.id?, target.name.clone())),
        _ => None,
    })
}

/// The word for what was done.
fn past(action: Action) -> &'static str {
    match action {
        Action::Read => "read",
        Action::Create => "created",
        Action::Update => "updated",
        Action::Delete => "deleted",
        Action::Restore => "restored",
        Action::Destroy => "destroyed",
    }
}

/// What writes the entries and events of these acts, in their order.
pub(crate) fn writes(work: &Work<'_, '_>, acts: &[Act<'_>]) -> Vec<Write> {
    let audited = acts.iter().filter(|act| is_audited(work, act)).map(|act| {
        let name = format!("{}.{}", act.object.name, past(act.action));
        let target = format!("{}:{}", act.object.name, act.id);
        AuditEntry::new(name, target, json!({ "label": act.label, "changes": act.changes }))
    });
    let audit = work.tx.audit_entries(work.environment, work.now, &work.caller.actor(), audited.collect());
    let mut ids = timeline::ids(work, acts.iter().map(|act| act.targets.len() + 1).sum());
    let mut entries = Vec::with_capacity(ids.len());
    let mut events = Vec::with_capacity(acts.len());
    for act in acts {
        let name = format!("{}.{}", act.object.name, past(act.action));
        // The timeline of what the record is about keeps which fields an update changed, without their values:
        // who may read none of them is not told of it.
        let unsaid = || Change { before: Json::Null, after: Json::Null };
        let updated = act.changes.keys().filter(|_| act.action == Action::Update);
        let named = stored(&updated.map(|field| (field.clone(), unsaid())).collect());
        for ((object, id, label), entry) in act.targets.iter().zip(ids.by_ref()) {
            entries.push(NewEntry {
                id: entry,
                object: object.clone(),
                record: *id,
                label: label.clone(),
                name: name.clone(),
                changes: named.clone(),
                linked: Some((act.object.name.clone(), act.id, act.label.clone())),
            });
        }
        let Some(id) = ids.next() else { continue };
        entries.push(NewEntry {
            id,
            object: act.object.name.clone(),
            record: act.id,
            label: act.label.clone(),
            name: name.clone(),
            changes: stored(&act.changes),
            linked: None,
        });
        events.push(Event {
            entry: id,
            name,
            object: act.object.name.clone(),
            record: act.id,
            action: act.action.verb(),
        });
    }
    [timeline::write(work, entries), outbox::append(work, events)].into_iter().chain(audit).collect()
}

/// Changes as they are stored: what is null is left out. Names and JSON can always be written.
fn stored(changes: &Changes) -> String {
    #[derive(Serialize)]
    struct Stored<'c> {
        #[serde(skip_serializing_if = "Json::is_null")]
        before: &'c Json,
        #[serde(skip_serializing_if = "Json::is_null")]
        after: &'c Json,
    }
    let stored: BTreeMap<_, _> =
        changes.iter().map(|(field, Change { before, after })| (field, Stored { before, after })).collect();
    serde_json::to_string(&stored).unwrap_or_default()
}

/// Whether an act is kept when its record is gone: what software did, and what cannot be undone.
fn is_audited(work: &Work<'_, '_>, act: &Act<'_>) -> bool {
    let is_software =
        work.caller.agent.is_some() || matches!(work.caller.principal, Principal::ApiKey { .. });
    is_software || act.action == Action::Destroy
}

/// What new values change. Relations carry their records' names, so that they can be read when the records
/// are gone.
pub(crate) fn changes(object: &Object, before: &Values, after: &NewValues, labels: &Labels) -> Changes {
    let mut changes = Changes::new();
    for field in &object.fields {
        let Some(new) = after.get(&field.name) else { continue };
        let old = before.get(&field.name).unwrap_or(&Value::Null);
        if field.is_system || old == new {
            continue;
        }
        // A new record's place in a list says nothing.
        if field.name == *system_fields::POSITION && before.is_empty() {
            continue;
        }
        changes.insert(field.name.clone(), change(field, old, new, labels));
    }
    changes
}

/// All that a record held, which is no more when it goes for good.
pub(crate) fn losses(record: &Record, labels: &Labels) -> Changes {
    let mut changes = Changes::new();
    for (field, value) in record.values.of(&record.object).filter(|(_, value)| !value.is_null()) {
        changes.insert(field.name.clone(), change(field, value, &Value::Null, labels));
    }
    changes
}

/// What becomes of a field.
pub(crate) fn change(field: &Field, before: &Value, after: &Value, labels: &Labels) -> Change {
    let json = |value: &Value| match (field.kind.relation(), value) {
        (Some(object), Value::Relation(id)) => match labels.get(object, *id) {
            Some(found) => json!({ "id": id, "label": found.label }),
            None => json!({ "id": id }),
        },
        _ => value.to_json(&field.kind),
    };
    Change { before: json(before), after: json(after) }
}
