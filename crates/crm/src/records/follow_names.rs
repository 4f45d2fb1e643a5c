//! What is about a renamed record keeps its name, however many there are.

use std::collections::HashMap;

use kontor_core::{
    ids::RecordId,
    metadata::{Object, Schema, system_fields},
};
use kontor_store::{
    BoxFuture, Tx,
    jobs::Failure,
    outbox::{Event, EventReader, Gap, Reading},
};
use sea_query::{Alias, Expr, ExprTrait as _, Query};
use uuid::Uuid;

use super::{
    journal::Changes,
    record::label,
    rows::{BASE, Selection, col},
    targets::rename_targets,
};
use crate::{Crm, Error};

/// Renames that are followed in one transaction.
const MOST_RENAMED: usize = 10;

/// Gives the records that are about a renamed one its new name, a bounded number in a transaction. The first are
/// renamed with the record itself; this does the rest, so that renaming what thousands are about keeps nobody
/// waiting.
pub struct FollowNames(Crm);

impl FollowNames {
    pub fn new(crm: Crm) -> Self {
        Self(crm)
    }

    async fn follow(&self, tx: &mut Tx<'_>, reading: &Reading, events: &[Event]) -> Result<usize, Error> {
        let changed = changed(tx, events).await?;
        if changed.is_empty() {
            return Ok(events.len());
        }
        let schema = self.0.schema_within(tx, reading.workspace).await?;
        let mut renamed = 0;
        for (index, event) in events.iter().enumerate() {
            let Some(object) = schema.object(&event.object) else { continue };
            if !changed.get(&event.id).is_some_and(|changes| changes.contains_key(&object.label_field)) {
                continue;
            }
            if follow_one(tx, &schema, object, RecordId(event.record)).await? {
                return Ok(index);
            }
            renamed += 1;
            if renamed == MOST_RENAMED {
                return Ok(index + 1);
            }
        }
        Ok(events.len())
    }
}

impl EventReader for FollowNames {
    fn name(&self) -> &'static str {
        "records.follow_names"
    }

    fn read<'t>(
        &'t self,
        tx: &'t mut Tx<'_>,
        reading: &'t Reading,
        events: &'t [Event],
    ) -> BoxFuture<'t, Result<usize, Failure>> {
        Box::pin(async move { Ok(self.follow(tx, reading, events).await?) })
    }

    /// Who was renamed meanwhile is not known; their names follow when they are renamed next.
    fn missed<'t>(&'t self, _: &'t mut Tx<'_>, _: &'t Reading, _: Gap) -> BoxFuture<'t, Result<(), Failure>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What the updates among events changed, by the event's id.
async fn changed(tx: &mut Tx<'_>, events: &[Event]) -> Result<HashMap<Uuid, Changes>, Error> {
    let updates = || events.iter().filter(|event| event.action == "update");
    if updates().next().is_none() {
        return Ok(HashMap::new());
    }
    let entries = Query::select()
        .columns(["id", "changes"])
        .from(tx.table("timeline_entries"))
        .and_where(Expr::col("record_id").is_in(updates().map(|event| event.record)))
        .and_where(Expr::col("id").is_in(updates().map(|event| event.id)))
        .take();
    let mut changed = HashMap::new();
    for row in tx.fetch_all(&entries).await? {
        // An entry of another version is nothing that can be followed.
        if let Ok(changes) = serde_json::from_str(&row.get::<String>(1)?) {
            changed.insert(row.get(0)?, changes);
        }
    }
    Ok(changed)
}

/// Gives some of what is about a record the name that it has now; whether there may be more.
async fn follow_one(tx: &mut Tx<'_>, schema: &Schema, object: &Object, id: RecordId) -> Result<bool, Error> {
    let selection = Selection::new(object, |field| field.name == object.label_field);
    let mut statement = Query::select();
    selection.select(&mut statement, BASE);
    statement
        .from_as(tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id.as_uuid()));
    // What is destroyed has no name that anything could follow.
    let Some(mut row) = tx.fetch_optional(&statement).await? else { return Ok(false) };
    let (values, _) = selection.read(&mut row, 0)?;
    rename_targets(tx, schema, object, id, &label(object, &values)).await
}
