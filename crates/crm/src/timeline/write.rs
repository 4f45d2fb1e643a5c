use kontor_core::{ids::RecordId, metadata::Name};
use kontor_store::Write;
use sea_query::Query;
use uuid::Uuid;

use crate::Work;

/// An entry to be written.
pub(crate) struct NewEntry {
    pub(crate) id: Uuid,
    pub(crate) object: Name,
    pub(crate) record: RecordId,
    pub(crate) label: String,
    pub(crate) name: String,
    /// JSON of before and after by field, each where it is not null.
    pub(crate) changes: String,
    /// Another record that the entry is about: object, id and name.
    pub(crate) linked: Option<(Name, RecordId, String)>,
}

/// The ids of as many entries, in their order: ids made within one microsecond have none.
pub(crate) fn ids(work: &Work<'_, '_>, count: usize) -> impl ExactSizeIterator<Item = Uuid> {
    let mut ids: Vec<Uuid> = (0..count).map(|_| work.environment.new_id()).collect();
    ids.sort();
    ids.into_iter()
}

/// The statement that writes entries, all by the caller and at the unit's instant.
pub(crate) fn write(work: &Work<'_, '_>, entries: Vec<NewEntry>) -> Write {
    let actor = serde_json::json!(work.caller.actor()).to_string();
    let mut statement = Query::insert();
    statement.into_table(work.tx.table("timeline_entries")).columns([
        "id",
        "object",
        "record_id",
        "record_label",
        "name",
        "happened_at",
        "actor",
        "changes",
        "linked_object",
        "linked_id",
        "linked_label",
    ]);
    for entry in entries {
        let (object, linked, label) = match entry.linked {
            Some((object, id, label)) => (Some(object.to_string()), Some(id.as_uuid()), Some(label)),
            None => (None, None, None),
        };
        statement.values_panic([
            entry.id.into(),
            entry.object.as_str().into(),
            entry.record.as_uuid().into(),
            entry.label.into(),
            entry.name.into(),
            work.now.micros().into(),
            actor.as_str().into(),
            entry.changes.into(),
            object.into(),
            linked.into(),
            label.into(),
        ]);
    }
    Write::Insert(statement)
}
