use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    ids::RecordId,
    locale::TimeZone,
    metadata::Object,
    operation::{Definition, Effect},
};
use kontor_operations::InTransaction;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{
    arguments, definition, path, problem_of, render,
    schema::{self, View},
};
use crate::{
    Work,
    timeline::{self, Entry},
};

const MOST: u32 = 60;
const DEFAULT: u32 = 20;
/// The most characters of a text before or after a change.
const TEXT: usize = 200;

/// `deal.timeline`: what happened to a record.
pub(super) struct Timeline {
    definition: Definition,
    object: Arc<Object>,
}

#[derive(Deserialize)]
struct Arguments {
    id: RecordId,
    limit: Option<u32>,
    after: Option<String>,
}

impl Timeline {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let description = format!(
            "Show what happened to {}, the latest first: who changed what, and what was logged about it.",
            view.one()
        );
        let properties = schema::properties([
            ("id", schema::record_id()),
            ("limit", schema::limit(MOST, DEFAULT)),
            ("after", schema::after()),
        ]);
        let parameters = schema::object(properties, &["id"]);
        Self { definition: definition(&object, "timeline", Effect::Read, description, parameters), object }
    }
}

impl InTransaction for Timeline {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let Arguments { id, limit, after } = arguments(json)?;
            let limit = limit.unwrap_or(DEFAULT).min(MOST);
            let mut page =
                timeline::list(work, &self.object, id, limit, after.as_deref()).await.map_err(problem_of)?;
            let mut shown: Vec<_> = page
                .entries
                .iter()
                .map(|entry| entry_json(entry, &self.object, work.caller.locale.time_zone))
                .collect();
            let found = shown.len();
            let fitting = render::fitting(&shown, work.room);
            if fitting < found {
                // Asked again for as many as fit, so that "next" goes on where this page ends.
                let fewer = u32::try_from(fitting).unwrap_or(1).max(1);
                page = timeline::list(work, &self.object, id, fewer, after.as_deref())
                    .await
                    .map_err(problem_of)?;
                shown = page
                    .entries
                    .iter()
                    .map(|entry| entry_json(entry, &self.object, work.caller.locale.time_zone))
                    .collect();
            }
            let mut result = Map::new();
            result.insert("object".to_owned(), json!(self.object.name));
            result.insert("id".to_owned(), json!(page.id));
            result.insert("label".to_owned(), json!(page.label));
            result.insert("entries".to_owned(), shown.into());
            result.insert("has_more".to_owned(), json!(page.has_more));
            result.extend(page.next.map(|next| ("next".to_owned(), json!(next))));
            if fitting < found {
                let note = format!("Only the first {fitting} of {found} entries fit; go on with \"next\".");
                result.insert("truncated".to_owned(), json!(note));
            }
            Ok(result.into())
        })
    }
}

/// The entry without its id, which leads nowhere, and its record, which the result names once; with the page of
/// what it is linked to.
fn entry_json(entry: &Entry, object: &Object, zone: TimeZone) -> Json {
    let mut shown = entry.to_json();
    shown["happened_at"] = zone.rfc3339(entry.happened_at).into();
    if entry.linked.is_none() {
        render::localise_changes(&mut shown["changes"], object, zone);
    }
    if let Some(map) = shown.as_object_mut() {
        map.remove("id");
        map.remove("record");
    }
    render::cut(&mut shown["changes"], TEXT);
    if let Some(linked) = entry.linked.as_ref().filter(|linked| linked.exists) {
        shown["linked"]["path"] = json!(path(&linked.object));
    }
    shown
}
