//! A record's page: its fields, what is related to it, what happened to it, and what can be done with it.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, Redirect},
};
use kontor_core::{
    caller::Caller,
    filter::Readable as _,
    grants::Action,
    ids::RecordId,
    metadata::{Field, Object, Outcome, Schema},
    reference::RecordReference,
    value::Value,
};
use kontor_crm::{
    records::{Likeness, ListQuery, Record, RecordWrite},
    timeline::Entry,
};
use kontor_http::Services;
use serde_json::json;

use super::list_state::PASSING;
use crate::{
    assets,
    error::{PageError, Result, page},
    form::Fields,
    kinds,
    link::{parsed, with_query},
    records,
    session::{Sent, SignedIn},
    shell::{Shell, icon, viewer},
    show::{ChangeView, Place, Shown, Viewer, changes, event_words, instant},
};

const TIMELINE_ENTRIES: u32 = 50;
/// The related records of a kind that the page shows.
const RELATED: u32 = 6;

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage {
    assets: &'static str,
    shell: Shell,
    /// The object's name and the record's id, and the objects whose records point here.
    object: String,
    id: RecordId,
    related_objects: String,
    href: String,
    list_href: String,
    object_label: String,
    object_plural: String,
    is_deleted: bool,
    can_update: bool,
    can_delete: bool,
    can_restore: bool,
    ask_href: String,
    stages: Vec<Stage>,
    fields: Labelled,
    kept: Labelled,
    related: Vec<Related>,
    /// What can be written down about it: a label and the page for it.
    additions: Vec<(String, String)>,
    timeline: Vec<EntryView>,
    older: Option<String>,
    notice: Option<String>,
    /// Records that may stand for the same as one that was just made: a link and the kind of each.
    similar: Vec<(Shown, String)>,
}

/// Values by their labels.
type Labelled = Vec<(String, Shown)>;

struct Stage {
    label: String,
    is_passed: bool,
    is_current: bool,
    is_lost: bool,
}

struct Related {
    label: String,
    icon: &'static str,
    items: Vec<RelatedItem>,
    all_href: String,
    has_more: bool,
}

struct RelatedItem {
    link: Shown,
    /// What tells one from another: a stage, an amount, a date.
    marks: Vec<Shown>,
}

struct EntryView {
    what: String,
    by: String,
    is_agent: bool,
    when: Shown,
    linked: Option<Shown>,
    changes: Vec<ChangeView>,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path((plural, id)): Path<(String, String)>,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let (schema, object, id) = found(&state, &caller, &plural, &id).await?;
    let record = read(&state, &caller, &object, id).await?;
    let viewer = viewer(&state, &caller, &schema);

    let after = Some(query.get("before")).filter(|cursor| !cursor.is_empty()).map(str::to_owned);
    let timeline = state.crm.timeline(&caller, &object.name, id, TIMELINE_ENTRIES, after).await?;
    let href = format!("/records/{plural}/{id}");
    let older = timeline.next.as_deref().map(|next| with_query(&href, [("before", next)]));

    let (kept, fields) = details(&viewer, &object, &record);
    let grants = &caller.grants;
    let may = |action| !object.is_read_only && grants.allows(&object.name, action);
    let shell = Shell::new(&state, &caller, &csrf, &schema, &record.label, &plural).await?;
    page(&RecordPage {
        assets: &assets::BASE,
        shell,
        object: object.name.to_string(),
        id,
        related_objects: related_objects(&viewer, &caller, &object),
        list_href: format!("/records/{plural}"),
        object_label: object.label.clone(),
        object_plural: object.label_plural.clone(),
        is_deleted: record.is_deleted,
        can_update: may(Action::Update) && !record.is_deleted,
        can_delete: may(Action::Delete) && !record.is_deleted,
        can_restore: may(Action::Restore) && record.is_deleted,
        ask_href: with_query("/chat", [("about", format!("{}:{id}", object.name).as_str())]),
        stages: stages(&record),
        fields,
        kept,
        related: related(&state, &caller, &viewer, &record).await?,
        additions: additions(&schema, &caller, &object, id),
        timeline: timeline.entries.iter().map(|entry| entry_view(&viewer, &object, entry)).collect(),
        older,
        notice: notice(query.get("done")),
        similar: if query.get("done") == "created" {
            similar(&state, &caller, &schema, &object, id).await?
        } else {
            Vec::new()
        },
        href,
    })
}

/// The records that may stand for the same as this one.
async fn similar(
    state: &Services,
    caller: &Caller,
    schema: &Schema,
    object: &Object,
    id: RecordId,
) -> Result<Vec<(Shown, String)>> {
    let found = state.crm.similar(caller, &object.name, Likeness::Record(id)).await?;
    let link = |like: &RecordReference| {
        let object = schema.object(&like.object)?;
        let href = format!("/records/{}/{}", object.plural, like.id);
        Some((Shown::Link { href, label: like.label.clone() }, object.label.to_lowercase()))
    };
    Ok(found.iter().filter_map(link).collect())
}

/// What just happened, as the redirect that led here says.
fn notice(done: &str) -> Option<String> {
    let text = match done {
        "created" => "Created.",
        "added" => "Added.",
        "saved" => "Saved.",
        "unchanged" => "Nothing was changed.",
        "deleted" => "Deleted. It can be restored.",
        "restored" => "Restored.",
        _ => return None,
    };
    Some(text.to_owned())
}

pub(crate) async fn delete(
    State(state): State<Services>,
    Path((plural, id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Redirect> {
    let (_, object, id) = found(&state, &sent.caller, &plural, &id).await?;
    let write = RecordWrite::Delete { id, if_match: None };
    match state.crm.write_record(&sent.caller, &object.name, write).await {
        // A second click asks again for what is done.
        Err(missing @ kontor_crm::Error::NotFound { .. }) => {
            if !read(&state, &sent.caller, &object, id).await?.is_deleted {
                return Err(missing.into());
            }
        }
        deleted => drop(deleted?),
    }
    Ok(Redirect::to(&format!("/records/{plural}/{id}?done=deleted")))
}

pub(crate) async fn restore(
    State(state): State<Services>,
    Path((plural, id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Redirect> {
    let (_, object, id) = found(&state, &sent.caller, &plural, &id).await?;
    let write = RecordWrite::Restore(id);
    match state.crm.write_record(&sent.caller, &object.name, write).await {
        Err(kontor_crm::Error::NotDeleted { .. }) => {}
        restored => drop(restored?),
    }
    Ok(Redirect::to(&format!("/records/{plural}/{id}?done=restored")))
}

/// The object and the id that a path names.
pub(crate) async fn found(
    state: &Services,
    caller: &Caller,
    plural: &str,
    id: &str,
) -> Result<(Arc<Schema>, Arc<Object>, RecordId)> {
    let schema = state.crm.schema(caller.workspace).await?;
    let object = schema.object_by_plural(plural).cloned();
    let object = object.filter(|object| caller.grants.allows(&object.name, Action::Read));
    let id = parsed(id)?;
    Ok((schema, object.ok_or_else(PageError::not_found)?, id))
}

/// A record, deleted or not.
async fn read(state: &Services, caller: &Caller, object: &Object, id: RecordId) -> Result<Record> {
    match state.crm.get(caller, &object.name, id, None, Vec::new()).await {
        Err(missing @ kontor_crm::Error::NotFound { .. }) => {
            let query = ListQuery {
                filter: Some(json!({ "id": { "eq": id } })),
                limit: 1,
                deleted: true,
                ..ListQuery::default()
            };
            let found = state.crm.list(caller, &object.name, query).await?;
            found.records.into_iter().next().ok_or_else(|| missing.into())
        }
        other => Ok(other?),
    }
}

/// The values that the system keeps, and the others.
fn details(viewer: &Viewer, object: &Object, record: &Record) -> (Labelled, Labelled) {
    let shown = object
        .fields
        .iter()
        .filter(|field| records::field_shown_on_page(object, field) && record.values.contains(&field.name))
        .map(|field| (field, viewer.of_record(record, field, Place::Page)));
    let (kept, fields): (Vec<_>, Vec<_>) = shown.partition(|(field, _)| field.is_system);
    let named = |list: Vec<(&Field, Shown)>| {
        list.into_iter().map(|(field, shown)| (field.label.clone(), shown)).collect()
    };
    (named(kept), named(fields))
}

/// The pipeline of the object's first select field that is one, with where the record stands.
fn stages(record: &Record) -> Vec<Stage> {
    let pipeline = record
        .object
        .fields
        .iter()
        .find(|field| field.kind.options().iter().any(|option| option.outcome.is_some()));
    let Some(field) = pipeline else { return Vec::new() };
    let Some(Value::Select(held)) = record.values.get(&field.name) else { return Vec::new() };
    let options = field.kind.options();
    let place = options.iter().position(|option| option.value == *held);
    let is_open = place.is_some_and(|place| options[place].outcome == Some(Outcome::Open));
    options
        .iter()
        .enumerate()
        // Where it ends is only shown where it did, and the way that was not taken never.
        .filter(|(index, option)| {
            option.outcome == Some(Outcome::Open)
                || Some(*index) == place
                || (is_open && option.outcome == Some(Outcome::Won))
        })
        .map(|(index, option)| Stage {
            label: option.label.clone(),
            is_passed: place.is_some_and(|place| index < place),
            is_current: Some(index) == place,
            is_lost: option.outcome == Some(Outcome::Lost),
        })
        .collect()
}

/// The records that point here, a few of each kind and relation.
async fn related(
    state: &Services,
    caller: &Caller,
    viewer: &Viewer,
    record: &Record,
) -> Result<Vec<Related>> {
    let mut groups = Vec::new();
    for (other, field, label) in pointing(viewer, caller, &record.object) {
        let columns = records::candidates(other, caller, &[]);
        let marks: Vec<_> = records::chosen(&columns)
            .into_iter()
            .filter(|field| kinds::of(&field.kind).is_mark)
            .take(2)
            .collect();
        let query = ListQuery {
            filter: Some(json!({ field.name.as_str(): { "eq": record.id } })),
            fields: Some(records::fields_to_read(other, caller, &marks)).filter(|names| !names.is_empty()),
            limit: RELATED,
            ..ListQuery::default()
        };
        let found = state.crm.list(caller, &other.name, query).await?;
        if found.records.is_empty() {
            continue;
        }
        let items = found.records.iter().map(|record| {
            let mark = |field: &&Field| viewer.of_record(record, field, Place::Cell);
            RelatedItem {
                link: Shown::Link {
                    href: format!("/records/{}/{}", other.plural, record.id),
                    label: record.label.clone(),
                },
                marks: marks.iter().map(mark).filter(|shown| *shown != Shown::Empty).collect(),
            }
        });
        groups.push(Related {
            label,
            icon: icon(&other.icon),
            items: items.collect(),
            all_href: list_of(other, &field.name, record.id),
            has_more: found.has_more,
        });
    }
    Ok(groups)
}

/// The relations that point to records of an object, each with its own object and what its records are
/// called; by the relation where an object has several.
fn pointing<'a>(
    viewer: &'a Viewer,
    caller: &'a Caller,
    object: &Object,
) -> Vec<(&'a Arc<Object>, &'a Field, String)> {
    let mut found = Vec::new();
    for other in caller.grants.readable(&viewer.schema) {
        let fields: Vec<_> = other
            .fields
            .iter()
            .filter(|field| {
                field.kind.relation() == Some(&object.name)
                    && !field.is_system
                    && caller.grants.can_read_field(&other.name, &field.name)
            })
            .collect();
        let is_alone = fields.len() == 1;
        found.extend(fields.into_iter().map(|field| {
            let plural = &other.label_plural;
            let label = if is_alone { plural.clone() } else { format!("{plural}: {}", field.label) };
            (other, field, label)
        }));
    }
    found
}

/// The names of the objects whose records point to records of an object, so that their changes show on its page.
fn related_objects(viewer: &Viewer, caller: &Caller, object: &Object) -> String {
    let by_relation = pointing(viewer, caller, object).into_iter().map(|(other, ..)| other);
    let by_target = caller.grants.readable(&viewer.schema).filter(|other| {
        other.fields.iter().any(|field| {
            field.kind.targets().is_some_and(|objects| objects.contains(&object.name))
                && caller.grants.can_read_field(&other.name, &field.name)
        })
    });
    let names: BTreeSet<&str> = by_relation.chain(by_target).map(|other| other.name.as_str()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

/// The list narrowed to what points here by a relation.
fn list_of(other: &Object, field: &str, id: RecordId) -> String {
    let list = format!("/records/{}", other.plural);
    with_query(&list, [("f", field), ("o", "is"), ("v", id.to_string().as_str()), (PASSING, "yes")])
}

/// The objects of which one can be made that is about this record.
fn additions(schema: &Schema, caller: &Caller, object: &Object, id: RecordId) -> Vec<(String, String)> {
    let about = format!("{}:{id}", object.name);
    caller
        .grants
        .readable(schema)
        .filter(|other| !other.is_read_only && caller.grants.allows(&other.name, Action::Create))
        .filter_map(|other| {
            let target = other.fields.iter().find(|field| {
                field.kind.targets().is_some_and(|objects| objects.contains(&object.name))
                    && caller.grants.can_update_field(&other.name, &field.name)
            })?;
            let page = format!("/records/{}/new", other.plural);
            Some((other.label.clone(), with_query(&page, [(target.name.as_str(), about.as_str())])))
        })
        .collect()
}

fn entry_view(viewer: &Viewer, object: &Object, entry: &Entry) -> EntryView {
    let json = serde_json::to_value(&entry.changes).unwrap_or_default();
    // A new record's fields stand on the page itself, and what deletes or restores says so by its name.
    let shows_changes = entry.linked.is_none() && entry.name.ends_with(".updated");
    let changes = json.as_object().filter(|_| shows_changes);
    EntryView {
        what: event_words(&entry.name),
        by: entry.actor.to_string(),
        is_agent: entry.actor.agent.is_some(),
        when: instant(entry.happened_at, viewer.clock()),
        linked: entry.linked.as_ref().map(|linked| {
            let href = format!("/records/{}/{}", linked.object.plural, linked.id);
            let label = linked.label.clone();
            if linked.exists { Shown::Link { href, label } } else { Shown::Text(label) }
        }),
        changes: changes.map(|map| self::changes(viewer, object, map)).unwrap_or_default(),
    }
}
