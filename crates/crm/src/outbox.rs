//! The transactional outbox: every change's event is written with the change, for programs to be told later.

use kontor_core::{ids::RecordId, metadata::Name};
use kontor_store::Write;
use sea_query::Query;
use uuid::Uuid;

use crate::Work;

/// A change for programs to be told. When it happened, who did it and what became of which field stands in the
/// entry that the timeline keeps of it.
pub(crate) struct Event {
    /// The id of the record's timeline entry, which is the event's as well.
    pub(crate) entry: Uuid,
    /// `deal.updated`.
    pub(crate) name: String,
    pub(crate) object: Name,
    pub(crate) record: RecordId,
    /// `update`.
    pub(crate) action: &'static str,
}

/// The statement that appends events in their order.
pub(crate) fn append(work: &Work<'_, '_>, events: Vec<Event>) -> Write {
    let mut statement = Query::insert();
    statement.into_table(work.tx.table("outbox_events")).columns([
        "id",
        "name",
        "object",
        "record_id",
        "action",
    ]);
    for event in events {
        statement.values_panic([
            event.entry.into(),
            event.name.into(),
            event.object.as_str().into(),
            event.record.as_uuid().into(),
            event.action.into(),
        ]);
    }
    Write::Insert(statement)
}
