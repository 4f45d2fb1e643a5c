//! The workspace's objects and fields, as far as the caller may see them.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json as Answer, extract::State, http::StatusCode};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    filter::Readable as _,
    grants::{Action, Permission},
    ids::{FieldId, ObjectId},
    metadata::{Field, Name, Object, Schema},
    text,
};
use kontor_crm::metadata::NewField;
use kontor_http::Services;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    extract::{Acting, ChangesDataModel, Json, NoParameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed = get_with(list, |op| {
        op.is("list_objects", "The objects and fields that the caller may see").tag("Data model")
    });
    let one = get_with(one, |op| op.is("get_object", "An object and its fields").tag("Data model"));
    let add = post_with(add_field, |op| {
        op.is("add_field", "Adds a field, which is there for the next request")
            .tag("Data model")
            .answers::<201, Answer<DescribedField>>()
    });
    ApiRouter::new()
        .api_route("/objects", listed)
        .api_route("/objects/{name}", one)
        .api_route("/objects/{name}/fields", add)
}

/// An object, as far as the caller may see it.
#[derive(Serialize, JsonSchema)]
struct DescribedObject {
    id: ObjectId,
    name: Name,
    plural: Name,
    label: String,
    label_plural: String,
    description: String,
    icon: String,
    /// The field that a record is named by.
    label_field: Name,
    is_custom: bool,
    is_read_only: bool,
    can_create: bool,
    can_update: bool,
    can_delete: bool,
    can_restore: bool,
    can_destroy: bool,
    can_add_fields: bool,
    fields: Vec<DescribedField>,
}

#[derive(Serialize, JsonSchema)]
struct DescribedField {
    id: FieldId,
    name: Name,
    label: String,
    description: String,
    kind: &'static str,
    /// The parameters of the kind, such as `{"decimals": 2}`.
    settings: Value,
    /// The parts of a composite kind, as filters and sorts name them after a dot.
    parts: &'static [&'static str],
    is_required: bool,
    is_unique: bool,
    is_system: bool,
    is_custom: bool,
    is_indexed: bool,
    is_searchable: bool,
    /// The value of records that are made without one.
    default: Option<Value>,
    can_update: bool,
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Answer<Whole<DescribedObject>>> {
    let schema = state.crm.schema(caller.workspace).await?;
    let described: Vec<_> = caller.grants.readable(&schema).map(|object| describe(object, &caller)).collect();
    Ok(page::whole(described))
}

async fn one(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<DescribedObject>> {
    let schema = state.crm.schema(caller.workspace).await?;
    let found = caller.grants.readable_object(&schema, &name);
    let object = found.ok_or_else(|| unknown_object(&name, &schema, &caller))?;
    Ok(Answer(describe(object, &caller)))
}

async fn add_field(
    State(state): State<Services>,
    ChangesDataModel(caller): ChangesDataModel,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewField>,
) -> Result<(StatusCode, Answer<DescribedField>)> {
    let field = state.crm.add_field(&caller, &name, new).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let object = schema.object(&name).or_else(|| schema.object_by_plural(&name));
    let object = object.ok_or_else(|| unknown_object(&name, &schema, &caller))?;
    Ok((StatusCode::CREATED, Answer(describe_field(object, &field, &caller))))
}

fn unknown_object(name: &str, schema: &Schema, caller: &Caller) -> ApiError {
    let near = text::suggestion(name, caller.grants.readable(schema).map(|object| object.name.as_str()));
    let message = format!("There is no object {:?}.{near}", text::excerpt(name, 60));
    ApiError::of(Problem::new(ErrorKind::NotFound, "unknown_object", message))
}

fn describe(object: &Object, caller: &Caller) -> DescribedObject {
    let grants = &caller.grants;
    let may = |action| !object.is_read_only && grants.allows(&object.name, action);
    let readable = object.fields.iter().filter(|field| grants.can_read_field(&object.name, &field.name));
    DescribedObject {
        id: object.id,
        name: object.name.clone(),
        plural: object.plural.clone(),
        label: object.label.to_string(),
        label_plural: object.label_plural.to_string(),
        description: object.description.to_string(),
        icon: object.icon.to_string(),
        label_field: object.label_field.clone(),
        is_custom: object.is_custom,
        is_read_only: object.is_read_only,
        can_create: may(Action::Create),
        can_update: may(Action::Update),
        can_delete: may(Action::Delete),
        can_restore: may(Action::Restore),
        can_destroy: may(Action::Destroy),
        can_add_fields: grants.permits(Permission::DataModel),
        fields: readable.map(|field| describe_field(object, field, caller)).collect(),
    }
}

fn describe_field(object: &Object, field: &Field, caller: &Caller) -> DescribedField {
    let can_update = !object.is_read_only
        && !field.is_system
        && caller.grants.allows(&object.name, Action::Update)
        && caller.grants.can_update_field(&object.name, &field.name);
    DescribedField {
        id: field.id,
        name: field.name.clone(),
        label: field.label.to_string(),
        description: field.description.to_string(),
        kind: field.kind.name(),
        settings: field.kind.settings(),
        parts: field.kind.parts(),
        is_required: field.is_required,
        is_unique: field.is_unique,
        is_system: field.is_system,
        is_custom: field.is_custom,
        is_indexed: field.is_indexed,
        is_searchable: field.is_searchable,
        default: field.default.clone(),
        can_update,
    }
}
