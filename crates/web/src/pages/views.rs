//! Saving, changing and deleting views by forms.

use axum::{
    extract::{Path, State},
    response::Redirect,
};
use kontor_core::{
    caller::Caller,
    error::{Issue, Problem},
    grants::Action,
    ids::ViewId,
    metadata::{Object, Schema},
};
use kontor_crm::views::{Column, NewView, View, ViewChanges, ViewType, Visibility};
use kontor_http::Services;
use serde_json::{Value as Json, json};

use super::view_state::{VIEW, both, opened};
use crate::{
    error::{PageError, Result},
    form::Fields,
    link::{parsed, with_query},
    records::Filters,
    session::Sent,
};

/// Saves what a list shows as a view.
pub(crate) async fn create(
    State(state): State<Services>,
    Path(plural): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let Sent { caller, fields, .. } = &sent;
    let schema = state.crm.schema(caller.workspace).await?;
    let object = readable(&schema, caller, &plural)?;
    let (_, content) = content(&state, caller, &schema, object, fields).await?;
    let (word, group_by) = fields.get("as").split_once(':').unwrap_or((fields.get("as"), ""));
    let kind = ViewType::from_word(word);
    let new = NewView {
        object: object.name.to_string(),
        name: fields.get("name").to_owned(),
        kind,
        group_by: Some(group_by.to_owned()).filter(|field| !field.is_empty()),
        filter: content.filter,
        // By hand, so that cards can be moved.
        sort: content.sort.filter(|_| kind != Some(ViewType::Kanban)),
        columns: content.columns,
        visibility: Visibility::from_word(fields.get("visibility")),
        icon: None,
        position: None,
    };
    let made = state.crm.create_view(caller, new).await?;
    Ok(to_view(&plural, &made))
}

/// Changes a view: its name and who sees it, or what it asks for.
pub(crate) async fn change(
    State(state): State<Services>,
    Path((plural, view)): Path<(String, String)>,
    sent: Sent,
) -> Result<Redirect> {
    let Sent { caller, fields, .. } = &sent;
    let id = parsed::<ViewId>(&view)?;
    let schema = state.crm.schema(caller.workspace).await?;
    let object = readable(&schema, caller, &plural)?;
    let version = fields.get("version").parse().ok();
    let changes = if fields.find("name").is_some() {
        let visibility = Visibility::from_word(fields.get("visibility"));
        let name = Some(fields.get("name").to_owned());
        ViewChanges { name, visibility, version, ..ViewChanges::default() }
    } else {
        let mut fields = fields.clone();
        fields.set(VIEW, id.to_string());
        let (before, content) = content(&state, caller, &schema, object, &fields).await?;
        let columns = content.columns.map(|columns| with_widths(before.as_ref(), columns));
        ViewChanges {
            filter: Some(content.filter),
            sort: Some(content.sort),
            columns: columns.map(Some),
            version,
            ..ViewChanges::default()
        }
    };
    let changed = state.crm.change_view(caller, id, changes).await?;
    Ok(to_view(&plural, &changed))
}

pub(crate) async fn delete(
    State(state): State<Services>,
    Path((plural, view)): Path<(String, String)>,
    sent: Sent,
) -> Result<Redirect> {
    let version = sent.fields.get("version").parse().ok();
    state.crm.delete_view(&sent.caller, parsed::<ViewId>(&view)?, version).await?;
    Ok(Redirect::to(&format!("/records/{plural}")))
}

fn readable<'s>(schema: &'s Schema, caller: &Caller, plural: &str) -> Result<&'s Object> {
    let object = schema.object_by_plural(plural);
    let object = object.filter(|object| caller.grants.allows(&object.name, Action::Read));
    object.map(|object| &**object).ok_or_else(PageError::not_found)
}

fn to_view(plural: &str, view: &View) -> Redirect {
    Redirect::to(&with_query(&format!("/records/{plural}"), [(VIEW, view.id.to_string().as_str())]))
}

/// What a list asks for, as a view keeps it.
struct Content {
    filter: Option<Json>,
    sort: Option<Json>,
    /// None where they are those that lists have by themselves.
    columns: Option<Json>,
}

/// What a list's form says, beside the view that it shows.
async fn content(
    state: &Services,
    caller: &Caller,
    schema: &Schema,
    object: &Object,
    fields: &Fields,
) -> Result<(Option<View>, Content)> {
    let opened = opened(state, caller, schema, object, fields).await?;
    let query = opened.as_ref().map_or(fields, |opened| &opened.query);
    let filters = Filters::new(schema, object, caller, query, caller.today(state.environment.now()));
    if filters.is_unread() {
        let message = "a value in the filter could not be read; put it right before the view is saved";
        return Err(PageError::Problem(Problem::invalid(vec![Issue::new(
            "filter",
            "invalid_value",
            message,
        )])));
    }
    let fixed = opened.as_ref().and_then(|opened| opened.fixed.clone());
    let chosen: Vec<&str> = query.all("c").collect();
    let columns = std::iter::once(object.label_field.as_str()).chain(chosen.iter().copied());
    let content = Content {
        filter: both(fixed, filters.to_json()),
        sort: Some(query.get("sort")).filter(|sort| !sort.is_empty()).map(|sort| json!(sort)),
        columns: (!chosen.is_empty()).then(|| json!(columns.collect::<Vec<_>>())),
    };
    Ok((opened.map(|opened| opened.view), content))
}

/// The columns with the widths that they had.
fn with_widths(before: Option<&View>, columns: Json) -> Json {
    let known = |field: &str| {
        let columns = before?.columns.as_ref()?;
        columns.iter().find(|column| column.field() == field && column.width().is_some())
    };
    let column = |json: &Json| match json.as_str().and_then(known) {
        Some(column @ Column::Sized { .. }) => json!(column),
        _ => json.clone(),
    };
    Json::Array(columns.as_array().into_iter().flatten().map(column).collect())
}
