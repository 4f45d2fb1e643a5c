use std::sync::Arc;

use futures::future::BoxFuture;
use kontor_core::{
    error::Problem,
    filter::FieldPath,
    grants::Action,
    metadata::{Field, Object},
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
    records::{self, ListQuery, Page},
};

const MOST: u32 = 60;
const DEFAULT: u32 = 20;

/// `deal.find`: the records that match, a page at a time.
pub(super) struct Find {
    definition: Definition,
    object: Arc<Object>,
    /// What is shown of a record where the caller does not say.
    fields: Vec<String>,
}

#[derive(Deserialize)]
struct Arguments {
    filter: Option<Json>,
    sort: Option<String>,
    limit: Option<u32>,
    after: Option<String>,
    fields: Option<Vec<String>>,
    search: Option<String>,
    #[serde(default)]
    total: bool,
    #[serde(default)]
    deleted: bool,
}

impl Find {
    pub(super) fn new(view: View<'_>, object: Arc<Object>) -> Self {
        let many = view.many();
        let description =
            format!("Find {many}. Answers up to {MOST} at a time, and in \"next\" where to go on.");
        let fields =
            view.readable().filter(|field| is_shown(&object, field)).map(|field| field.name.to_string());
        Self {
            definition: definition(&object, "find", Effect::Read, description, parameters(view)),
            fields: fields.collect(),
            object,
        }
    }

    async fn page(
        &self,
        work: &mut Work<'_, '_>,
        query: &ListQuery,
    ) -> Result<(Page, Vec<Json>, bool), Problem> {
        let zone = work.caller.locale.time_zone;
        let page = records::list(work, &self.object, query).await.map_err(problem_of)?;
        let mut is_cut = false;
        let shown = page
            .records
            .iter()
            .map(|record| {
                let compact = if page.records.len() == 1 {
                    render::alone(record, zone, work.room)
                } else {
                    render::in_list(record, zone)
                };
                is_cut |= compact.is_cut;
                compact.json
            })
            .collect();
        Ok((page, shown, is_cut))
    }
}

impl InTransaction for Find {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn run<'r, 'a, 'c>(
        &'r self,
        work: &'r mut Work<'a, 'c>,
        json: &'r Json,
    ) -> BoxFuture<'r, Result<Json, Problem>> {
        Box::pin(async move {
            let arguments: Arguments = arguments(json)?;
            let mut query = ListQuery {
                filter: arguments.filter,
                sort: arguments.sort,
                fields: Some(arguments.fields.unwrap_or_else(|| self.fields.clone())),
                limit: arguments.limit.unwrap_or(DEFAULT).min(MOST),
                after: arguments.after,
                total: arguments.total,
                search: arguments.search,
                deleted: arguments.deleted,
                ..ListQuery::default()
            };
            let (mut page, mut shown, mut is_cut) = self.page(work, &query).await?;
            let found = shown.len();
            let fitting = render::fitting(&shown, work.room);
            if fitting < found {
                // Asked again for as many as fit, so that "next" goes on where this page ends.
                query.limit = u32::try_from(fitting).unwrap_or(1).max(1);
                (page, shown, is_cut) = self.page(work, &query).await?;
            }
            let mut note = String::new();
            if shown.len() < found {
                note = format!(
                    "Only the first {} of {found} records fit; ask for fewer fields, or go on with \"next\".",
                    shown.len()
                );
            } else if is_cut {
                note = "Long texts are cut; get shows more of one record.".to_owned();
            }
            let mut result = Map::new();
            result.insert("object".to_owned(), json!(self.object.name));
            result.insert("path".to_owned(), json!(path(&self.object)));
            result.insert("records".to_owned(), shown.into());
            result.insert("has_more".to_owned(), json!(page.has_more));
            result.extend(page.next.map(|next| ("next".to_owned(), json!(next))));
            result.extend(page.total.map(|total| ("total".to_owned(), json!(total))));
            result.extend((!note.is_empty()).then(|| ("truncated".to_owned(), json!(note))));
            Ok(result.into())
        })
    }
}

/// What identifies a record and says how it stands; the rest is asked for by name.
fn is_shown(object: &Object, field: &Field) -> bool {
    field.name == object.label_field || field.is_shown_by_default()
}

fn parameters(view: View<'_>) -> Json {
    let (filter, definitions) = schema::filter(view);
    let names: Vec<_> = view.readable().map(|field| field.name.as_str()).collect();
    let mut sort = "Fields to sort by, separated by commas, each after a minus for descending.".to_owned();
    let unsortable: Vec<_> = view.readable().filter(|field| !is_sortable(field)).collect();
    if !unsortable.is_empty() {
        let names: Vec<_> = unsortable.iter().map(|field| field.name.as_str()).collect();
        sort.push_str(&format!(" Not by {}.", names.join(", ")));
    }
    let mut properties = schema::properties([
        ("filter", filter),
        ("sort", json!({"type": "string", "maxLength": 400, "description": sort})),
        ("limit", schema::limit(MOST, DEFAULT)),
        ("after", schema::after()),
        (
            "fields",
            json!({
                "type": "array",
                "items": {"enum": names},
                "maxItems": 200,
                "description": "The fields to show; the most telling ones unless given.",
            }),
        ),
        ("total", json!({"type": "boolean", "description": "Whether to count all that match."})),
    ]);
    if view.readable().any(|field| field.is_searchable) {
        properties.insert("search".to_owned(), schema::words());
    }
    if view.grants.allows(&view.object.name, Action::Restore) && !view.object.is_read_only {
        let deleted = "Whether to find the deleted ones instead, which can be restored.";
        properties.insert("deleted".to_owned(), json!({"type": "boolean", "description": deleted}));
    }
    let mut parameters = schema::object(properties, &[]);
    parameters["$defs"] = definitions;
    parameters
}

fn is_sortable(field: &Field) -> bool {
    FieldPath::whole(field).is_sortable()
}
