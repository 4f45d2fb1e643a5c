//! The workspace's objects and fields, as far as the caller may see them.

use axum::{
    Json as Answer, Router,
    extract::State,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    filter::Readable as _,
    grants::{Action, Permission},
    metadata::{Field, Object, Schema},
    text,
};
use kontor_crm::metadata::NewField;
use serde_json::{Value, json};

use crate::{
    extract::{Json, NoParameters, Segments, SignedIn},
    page,
    problem::{ApiError, Result},
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new()
        .route("/objects", get(list))
        .route("/objects/{name}", get(one))
        .route("/objects/{name}/fields", post(add_field))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<Response> {
    let schema = state.crm.schema(caller.workspace).await?;
    let described: Vec<_> = caller.grants.readable(&schema).map(|object| describe(object, &caller)).collect();
    Ok(page::whole(described))
}

async fn one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Value>> {
    let schema = state.crm.schema(caller.workspace).await?;
    let found = caller.grants.readable_object(&schema, &name);
    let object = found.ok_or_else(|| unknown_object(&name, &schema, &caller))?;
    Ok(Answer(describe(object, &caller)))
}

async fn add_field(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewField>,
) -> Result<(StatusCode, Answer<Value>)> {
    let field = state.crm.add_field(&caller, &name, new).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let object = schema.object(&name).or_else(|| schema.object_by_plural(&name));
    let described = object.map_or(Value::Null, |object| describe_field(object, &field, &caller));
    Ok((StatusCode::CREATED, Answer(described)))
}

fn unknown_object(name: &str, schema: &Schema, caller: &Caller) -> ApiError {
    let near = text::suggestion(name, caller.grants.readable(schema).map(|object| object.name.as_str()));
    let message = format!("There is no object {:?}.{near}", text::excerpt(name, 60));
    ApiError::of(Problem::new(ErrorKind::NotFound, "unknown_object", message))
}

fn describe(object: &Object, caller: &Caller) -> Value {
    let grants = &caller.grants;
    let may = |action| !object.is_read_only && grants.allows(&object.name, action);
    let readable = object.fields.iter().filter(|field| grants.can_read_field(&object.name, &field.name));
    json!({
        "id": object.id,
        "name": object.name,
        "plural": object.plural,
        "label": object.label,
        "label_plural": object.label_plural,
        "description": object.description,
        "icon": object.icon,
        "label_field": object.label_field,
        "is_custom": object.is_custom,
        "is_read_only": object.is_read_only,
        "can_create": may(Action::Create),
        "can_update": may(Action::Update),
        "can_delete": may(Action::Delete),
        "can_restore": may(Action::Restore),
        "can_destroy": may(Action::Destroy),
        "can_add_fields": grants.permits(Permission::DataModel),
        "fields": readable.map(|field| describe_field(object, field, caller)).collect::<Vec<_>>(),
    })
}

fn describe_field(object: &Object, field: &Field, caller: &Caller) -> Value {
    let can_update = !object.is_read_only
        && !field.is_system
        && caller.grants.allows(&object.name, Action::Update)
        && caller.grants.can_update_field(&object.name, &field.name);
    json!({
        "id": field.id,
        "name": field.name,
        "label": field.label,
        "description": field.description,
        "kind": field.kind.name(),
        "settings": field.kind.settings(),
        "parts": field.kind.parts(),
        "is_required": field.is_required,
        "is_unique": field.is_unique,
        "is_system": field.is_system,
        "is_custom": field.is_custom,
        "is_indexed": field.is_indexed,
        "is_searchable": field.is_searchable,
        "default": field.default,
        "can_update": can_update,
    })
}
