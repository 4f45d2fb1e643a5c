//! The transactional outbox: every change's event is written with the change, for programs to be told later.
//! Who is told, and until when events are kept, is [`kontor_store::outbox`].

use kontor_core::{ids::RecordId, metadata::Name};
use kontor_store::{BoxFuture, Tx, Write};
use sea_query::{Expr, ExprTrait as _, Func, Order, Query};
use uuid::Uuid;

use crate::{Work, feed::Changed};

const TABLE: &str = "outbox_events";

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
    statement.into_table(work.tx.table(TABLE)).columns(["id", "name", "object", "record_id", "action"]);
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

/// The number of the last event; 0 where there is none.
pub(crate) fn latest<'t>(tx: &'t mut Tx<'_>) -> BoxFuture<'t, Result<i64, kontor_store::Error>> {
    Box::pin(async move {
        let latest = Query::select().expr(Func::max(Expr::col("sequence"))).from(tx.table(TABLE)).take();
        Ok(tx.fetch_one(&latest).await?.get::<Option<i64>>(0)?.unwrap_or_default())
    })
}

/// The first events behind a number, with their own.
pub(crate) fn after<'t>(
    tx: &'t mut Tx<'_>,
    number: i64,
    limit: u64,
) -> BoxFuture<'t, Result<Vec<(i64, Changed)>, kontor_store::Error>> {
    Box::pin(async move {
        let events = Query::select()
            .columns(["sequence", "object", "record_id", "action"])
            .from(tx.table(TABLE))
            .and_where(Expr::col("sequence").gt(number))
            .order_by("sequence", Order::Asc)
            .limit(limit)
            .take();
        let mut found = Vec::new();
        for row in tx.fetch_all(&events).await? {
            // What is no name of an object is nobody's to read.
            let Ok(object) = row.get::<String>(1)?.parse() else { continue };
            let record = Some(RecordId(row.get(2)?));
            found.push((row.get(0)?, Changed { object, record, action: row.get(3)? }));
        }
        Ok(found)
    })
}
