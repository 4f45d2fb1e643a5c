//! The transactional outbox: every change's event is written with the change, for programs to be told later.

use kontor_core::{ids::RecordId, metadata::Name};
use kontor_store::Write;
use sea_query::Query;
use uuid::Uuid;

use crate::Work;

/// A change to be told.
pub(crate) struct Event {
    /// `deal.updated`.
    pub(crate) name: String,
    pub(crate) object: Name,
    pub(crate) record: RecordId,
    /// `update`.
    pub(crate) action: &'static str,
    /// JSON of before and after by field.
    pub(crate) changes: String,
}

/// The statement that appends events in their order.
pub(crate) fn append(work: &Work<'_, '_>, events: Vec<Event>) -> Write {
    let actor = serde_json::json!(work.caller.actor).to_string();
    let mut statement = Query::insert();
    statement.into_table(work.tx.table("outbox_events")).columns([
        "id",
        "name",
        "object",
        "record_id",
        "action",
        "happened_at",
        "actor",
        "changes",
    ]);
    for event in events {
        statement.values_panic([
            work.environment.new_id::<Uuid>().into(),
            event.name.into(),
            event.object.as_str().into(),
            event.record.as_uuid().into(),
            event.action.into(),
            work.now.micros().into(),
            actor.as_str().into(),
            event.changes.into(),
        ]);
    }
    Write::Insert(statement)
}
