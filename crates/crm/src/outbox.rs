//! The transactional outbox: every change's event is written with the change, for programs to be told later.

use kontor_core::{ids::RecordId, metadata::Name};
use sea_query::Query;
use uuid::Uuid;

use crate::{Error, Work};

/// How many rows one INSERT holds at most.
const ROWS_PER_INSERT: usize = 500;

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

/// Appends events in their order.
pub(crate) async fn append(work: &mut Work<'_, '_>, events: Vec<Event>) -> Result<(), Error> {
    let actor = serde_json::json!(work.caller.actor).to_string();
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
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
        for event in events.by_ref().take(ROWS_PER_INSERT) {
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
        work.tx.execute(&statement).await?;
    }
    Ok(())
}
