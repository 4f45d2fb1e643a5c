//! The transactional outbox: every change's event is written with the change, for programs to be told later.
//! Who is told, and until when events are kept, is [`kontor_store::outbox`].

use kontor_core::{
    ids::{RecordId, WorkspaceId},
    metadata::Name,
};
use kontor_store::{BoxFuture, Tx, Write};
use sea_query::{Expr, ExprTrait as _, Func, Order, Query};
use uuid::Uuid;

use crate::{Crm, Error, Work, feed::Changed};

pub(crate) const TABLE: &str = "outbox_events";

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

/// A change that a workspace's events tell of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChange {
    /// The entry of the record's timeline that tells it.
    pub entry: Uuid,
    pub object: String,
    pub record: RecordId,
    /// `create`, `update`, `delete`, `restore` or `destroy`.
    pub action: String,
}

impl Crm {
    /// The number of the last event of a workspace; 0 where there is none.
    ///
    /// # Errors
    /// What the database said.
    pub async fn last_event(&self, workspace: WorkspaceId) -> Result<i64, Error> {
        let namespace = self.store().workspace(workspace).await?;
        Ok(namespace.read((), |tx, ()| latest(tx)).await?)
    }

    /// The first changes that the events of a workspace behind a number tell of, whoever asks.
    ///
    /// # Errors
    /// What the database said.
    pub async fn changes_of(
        &self,
        workspace: WorkspaceId,
        after: i64,
        limit: u64,
    ) -> Result<Vec<RecordChange>, Error> {
        let namespace = self.store().workspace(workspace).await?;
        let found = namespace.read((after, limit), |tx, &(after, limit)| {
            Box::pin(async move {
                let events = Query::select()
                    .columns(["id", "object", "record_id", "action"])
                    .from(tx.table(TABLE))
                    .and_where(Expr::col("sequence").gt(after))
                    .order_by("sequence", Order::Asc)
                    .limit(limit)
                    .take();
                let rows = tx.fetch_all(&events).await?;
                let changes = rows.iter().map(|row| {
                    let record = RecordId(row.get(2)?);
                    Ok(RecordChange { entry: row.get(0)?, object: row.get(1)?, record, action: row.get(3)? })
                });
                changes.collect()
            })
        });
        found.await
    }
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
