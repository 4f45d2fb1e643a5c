use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{
    actor::Actor,
    error::Issue,
    filter::Readable as _,
    grants::Action,
    ids::RecordId,
    metadata::{Field, FieldKind, Name, Object, system_fields},
    reference::RecordReference,
    time::Timestamp,
};
use schemars::JsonSchema;
use sea_query::{Alias, Expr, ExprTrait, Order, Query};
use serde::Serialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    Error, Work,
    records::{
        BASE, Changes, Labels, MAX_LIMIT, Wanted, col, lookup, may_read_every_name, predicate, require,
    },
};

/// One page of a record's timeline, newest first.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub object: Arc<Object>,
    pub id: RecordId,
    pub label: String,
    pub entries: Vec<Entry>,
    pub next: Option<String>,
    pub has_more: bool,
}

/// Something that happened to a record.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: Uuid,
    /// `deal.updated`.
    pub name: String,
    pub happened_at: Timestamp,
    pub actor: Actor,
    /// The record whose timeline this is, by the name that it had then; by its object's label where the caller may not
    /// read the names of such records.
    pub record: RecordReference,
    /// Of the fields the caller may read.
    pub changes: Changes,
    /// Another record that this is about: the activity that was logged.
    pub linked: Option<Linked>,
}

/// The other record of an entry.
#[derive(Debug, Clone)]
pub struct Linked {
    pub object: Arc<Object>,
    pub id: RecordId,
    pub label: String,
    /// Whether it is still there to be opened.
    pub exists: bool,
}

/// Something that happened to a record.
#[derive(Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TimelineEntry")]
struct Shown<'e> {
    id: Uuid,
    /// Such as `deal.updated`.
    name: &'e str,
    happened_at: Timestamp,
    actor: &'e Actor,
    /// The actor in words.
    by: String,
    record: &'e RecordReference,
    /// `before` and `after` by field.
    changes: &'e Changes,
    #[serde(skip_serializing_if = "Option::is_none")]
    linked: Option<RecordReference>,
}

impl Entry {
    /// The entry as the API shows it.
    pub fn to_json(&self) -> Json {
        json!(self)
    }

    fn shown(&self) -> Shown<'_> {
        let linked = self.linked.as_ref();
        Shown {
            id: self.id,
            name: &self.name,
            happened_at: self.happened_at,
            actor: &self.actor,
            by: self.actor.to_string(),
            record: &self.record,
            changes: &self.changes,
            linked: linked.map(|linked| RecordReference {
                object: linked.object.name.clone(),
                id: linked.id,
                label: linked.label.clone(),
            }),
        }
    }
}

impl Serialize for Entry {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shown().serialize(serializer)
    }
}

impl JsonSchema for Entry {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Shown::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shown::json_schema(generator)
    }
}

/// What happened to a record that the caller may read, deleted or not, of what the caller may read; also to
/// one that was destroyed, for a caller who may read every name of its kind. A page can have fewer entries
/// than `limit` though there are more.
pub async fn list(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    id: RecordId,
    limit: u32,
    after: Option<&str>,
) -> Result<Timeline, Error> {
    require(work, object, Action::Read)?;
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("expected a number from 1 to {MAX_LIMIT}");
        return Err(Error::invalid(Issue::new("limit", "out_of_range", message)));
    }
    let after = after.map(place).transpose()?;
    let may_read = Query::select()
        .expr(Expr::val(1))
        .from_as(work.tx.table(&object.table()), Alias::new(BASE))
        .and_where(col(BASE, system_fields::ID).eq(id.as_uuid()))
        .and_where_option(predicate(work, object, BASE, Action::Read))
        .take();
    let is_there = work.tx.fetch_optional(&may_read).await?.is_some();
    if !is_there && !was_destroyed(work, object, id).await? {
        return Err(Error::not_found(object, id));
    }

    let (mut found, has_more) = stored(work, object, id, limit, after).await?;
    let next = has_more.then(|| found.last().map(|entry| cursor(entry.id))).flatten();
    let mut wanted = Wanted::new();
    wanted.entry(object.name.clone()).or_default().insert(id);
    for entry in &found {
        if let Some((object, id, _)) = &entry.linked {
            wanted.entry(object.clone()).or_default().insert(*id);
        }
        for (field, change) in &entry.changes {
            let kind = object.field(field).map(|field| &field.kind);
            for json in [&change.before, &change.after] {
                if let Some((object, id)) = kind.and_then(|kind| reference(kind, json)) {
                    wanted.entry(object).or_default().insert(id);
                }
            }
        }
    }
    let labels = lookup(work, &wanted).await?;
    let kept = found.first().filter(|_| !is_there).map(|entry| entry.label.clone());
    let label = labels.shown(&object.name, id).map(str::to_owned).or(kept);
    found.retain_mut(|entry| show(work, object, entry, &labels));
    let entries = found.into_iter().map(|entry| entry.finish(work, object, id, &labels)).collect();
    let label = label.unwrap_or_else(|| object.label.clone());
    Ok(Timeline { object: object.clone(), id, label, entries, next, has_more })
}

/// One entry of a record's timeline, as the caller may read it; nothing where they may not.
pub async fn entry(
    work: &mut Work<'_, '_>,
    object: &Arc<Object>,
    record: RecordId,
    id: Uuid,
) -> Result<Option<Entry>, Error> {
    if !work.caller.grants.allows(&object.name, Action::Read) {
        return Ok(None);
    }
    // The newest of those that are no newer.
    let behind = Uuid::from_u128(id.as_u128().saturating_add(1));
    match list(work, object, record, 1, Some(&cursor(behind))).await {
        Ok(timeline) => Ok(timeline.entries.into_iter().find(|found| found.id == id)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the timeline is all that is left of a record, and the caller may know of it: one from whom some
/// records, or their names, are hidden cannot tell whether this was one of them.
async fn was_destroyed(work: &mut Work<'_, '_>, object: &Object, id: RecordId) -> Result<bool, Error> {
    if !may_read_every_name(work, &object.name) {
        return Ok(false);
    }
    let statement = Query::select()
        .expr(Expr::val(1))
        .from(work.tx.table("timeline_entries"))
        .and_where(is_of(object, id))
        .limit(1)
        .take();
    Ok(work.tx.fetch_optional(&statement).await?.is_some())
}

/// The condition of an entry that it stands at a record.
fn is_of(object: &Object, id: RecordId) -> Expr {
    Expr::col("record_id").eq(id.as_uuid()).and(Expr::col("object").eq(object.name.as_str()))
}

struct Stored {
    id: Uuid,
    label: String,
    name: String,
    happened_at: Timestamp,
    actor: Actor,
    changes: Changes,
    linked: Option<(Name, RecordId, String)>,
}

async fn stored(
    work: &mut Work<'_, '_>,
    object: &Object,
    record: RecordId,
    limit: u32,
    after: Option<Uuid>,
) -> Result<(Vec<Stored>, bool), Error> {
    let statement = Query::select()
        .columns([
            "id",
            "name",
            "happened_at",
            "actor",
            "changes",
            "linked_object",
            "linked_id",
            "linked_label",
            "record_label",
        ])
        .from(work.tx.table("timeline_entries"))
        .and_where(is_of(object, record))
        .and_where_option(after.map(|after| Expr::col("id").lt(after)))
        .order_by("id", Order::Desc)
        .limit(u64::from(limit) + 1)
        .take();
    let mut rows = work.tx.fetch_all(&statement).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        let object = row.get::<Option<String>>(5)?.and_then(|name| name.parse().ok());
        let linked = match (object, row.get::<Option<Uuid>>(6)?) {
            (Some(object), Some(id)) => {
                Some((object, RecordId(id), row.get::<Option<String>>(7)?.unwrap_or_default()))
            }
            _ => None,
        };
        entries.push(Stored {
            id: row.get(0)?,
            label: row.get(8)?,
            name: row.get(1)?,
            happened_at: row.get(2)?,
            actor: serde_json::from_str(&row.get::<String>(3)?).map_err(Error::Entry)?,
            changes: serde_json::from_str(&row.get::<String>(4)?).map_err(Error::Entry)?,
            linked,
        });
    }
    Ok((entries, has_more))
}

/// Takes from an entry what the caller may not read; answers whether anything is left of it.
fn show(work: &Work<'_, '_>, object: &Object, entry: &mut Stored, labels: &Labels) -> bool {
    if let Some((linked, id, _)) = &entry.linked {
        let may_read = match labels.get(linked, *id) {
            Some(found) => found.is_readable,
            // A destroyed record can be told of where none of its kind is hidden.
            None => may_read_every_name(work, linked),
        };
        let Some(linked) = work.schema.object(linked).filter(|_| may_read) else { return false };
        // What it is about is the value of its field, which may be hidden.
        let tells = |field: &Field| {
            field.kind.targets().is_some_and(|objects| objects.contains(&object.name))
                && work.caller.grants.can_read_field(&linked.name, &field.name)
        };
        let is_told = linked.fields.iter().any(tells) && has_readable_changes(work, linked, entry);
        // They are told on the record's own timeline.
        entry.changes.clear();
        return is_told;
    }
    let is_told = has_readable_changes(work, object, entry);
    hide_names(work, object, &mut entry.changes, labels);
    is_told
}

/// Takes from an entry the changes of this object that the caller may not read. An update of which nothing is
/// left is not to be told.
fn has_readable_changes(work: &Work<'_, '_>, object: &Object, entry: &mut Stored) -> bool {
    let had_changes = !entry.changes.is_empty();
    entry.changes.retain(|field, _| {
        object.field(field).is_some() && work.caller.grants.can_read_field(&object.name, field)
    });
    !(had_changes && entry.changes.is_empty() && entry.name.ends_with(".updated"))
}

impl Stored {
    fn finish(self, work: &Work<'_, '_>, object: &Object, record: RecordId, labels: &Labels) -> Entry {
        let is_named = work.caller.grants.can_read_field(&object.name, &object.label_field);
        let label = if is_named { self.label } else { object.label.clone() };
        let linked = self.linked.and_then(|(name, id, label)| {
            let object = work.schema.object(&name)?;
            let found = labels.get(&name, id);
            let label = match (found, labels.shown(&name, id)) {
                (_, Some(shown)) => shown.to_owned(),
                (Some(_), None) => object.label.clone(),
                (None, None) => label,
            };
            let exists = found.is_some_and(|found| found.is_live);
            Some(Linked { object: object.clone(), id, label, exists })
        });
        Entry {
            id: self.id,
            name: self.name,
            happened_at: self.happened_at,
            actor: self.actor,
            record: RecordReference { object: object.name.clone(), id: record, label },
            changes: self.changes,
            linked,
        }
    }
}

/// Takes from changes the names of records that the caller may not read, also of those that are gone.
pub(crate) fn hide_names(work: &Work<'_, '_>, object: &Object, changes: &mut Changes, labels: &Labels) {
    for (field, change) in changes {
        let Some(field) = object.field(field) else { continue };
        if !field.kind.points() {
            continue;
        }
        let key = if field.kind.targets().is_some() { "name" } else { "label" };
        for json in [&mut change.before, &mut change.after] {
            let (target, record) = (target_of(&field.kind, json), reference(&field.kind, json));
            let Some(map) = json.as_object_mut() else { continue };
            let found = record.as_ref().filter(|(target, id)| labels.get(target, *id).is_some());
            let shown = match (found, target) {
                (Some((target, id)), _) => labels.shown(target, *id).map(|name| json!(name)),
                // Of a record that is gone its name is kept, for whoever may read all of its kind.
                (None, Some(target)) if may_read_every_name(work, &target) => map.get(key).cloned(),
                (None, _) => None,
            };
            match shown {
                Some(name) => map.insert(key.to_owned(), name),
                None => map.remove(key),
            };
        }
    }
}

/// The object of the record that a change's value points to, or pointed to before the record was destroyed.
fn target_of(kind: &FieldKind, json: &Json) -> Option<Name> {
    match kind.relation() {
        Some(object) => Some(object.clone()),
        None => kind.targets().and_then(|_| json.get("object")?.as_str()?.parse().ok()),
    }
}

/// The record that a change's value points to.
fn reference(kind: &FieldKind, json: &Json) -> Option<(Name, RecordId)> {
    let id = json.get("id")?.as_str()?.parse().ok()?;
    Some((target_of(kind, json)?, id))
}

fn cursor(id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

fn place(cursor: &str) -> Result<Uuid, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::InvalidCursor)?;
    Uuid::from_slice(&bytes).map_err(|_| Error::InvalidCursor)
}
