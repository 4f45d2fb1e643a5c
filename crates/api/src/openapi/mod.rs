//! The API's own description (OpenAPI 3.1), made of the routes, the extractors of their handlers and the types of
//! their answers, so that it cannot say what they do not do. `docs/openapi.json` is a copy that a test keeps fresh.

mod describe;
mod inputs;
mod outputs;

use aide::{
    generate,
    openapi::{
        Info, License, OpenApi, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathItem,
        PathStyle, ReferenceOr, SchemaObject, SecurityScheme,
    },
    transform::TransformOpenApi,
};
use axum::{Router, body::Bytes, http::header, routing::get};
use kontor_core::error::Problem;
use schemars::{Schema, json_schema};

pub(crate) use self::describe::Describe;
use crate::problem::ApiError;

/// The security scheme's name. The cookie of the pages is no other: it is theirs.
const BEARER: &str = "access_token";

/// What aide collects while the routes are put together. To be called before the first of them.
pub(crate) fn begin() -> OpenApi {
    generate::reset_context();
    generate::extract_schemas(true);
    generate::infer_responses(true);
    OpenApi {
        info: Info {
            title: "Kontor".to_owned(),
            summary: Some("An AI-agent CRM.".to_owned()),
            description: Some(include_str!("about.md").trim().to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            license: Some(License {
                name: "Apache-2.0".to_owned(),
                identifier: Some("Apache-2.0".to_owned()),
                ..License::default()
            }),
            ..Info::default()
        },
        ..OpenApi::default()
    }
}

/// The route that answers the description.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(document: &OpenApi) -> Router<S> {
    let written = serde_json::to_vec(document).map(Bytes::from);
    if let Err(error) = &written {
        tracing::error!(%error, "the description of the API cannot be written");
    }
    let body = written.ok();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    let answer =
        move || async move { body.map(|body| (kind, body)).ok_or_else(|| ApiError::of(Problem::internal())) };
    Router::new().route("/openapi.json", get(answer))
}

/// What the routes alone do not say: how one signs in, and what stands in the variable parts of paths.
pub(crate) fn complete(document: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
    let bearer = SecurityScheme::Http {
        scheme: "bearer".to_owned(),
        bearer_format: Some("JWT".to_owned()),
        description: Some("An access token, from `POST /api/auth/login` or `POST /oauth/token`.".to_owned()),
        extensions: Default::default(),
    };
    let mut document = document.security_scheme(BEARER, bearer);
    let paths = document.inner_mut().paths.iter_mut().flat_map(|paths| paths.paths.iter_mut());
    for (path, item) in paths {
        if let ReferenceOr::Item(item) = item {
            let variables = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
            let parameters: Vec<_> = variables.map(|name| variable(path, name)).collect();
            for operation in operations(item) {
                operation.parameters.splice(0..0, parameters.iter().cloned().map(ReferenceOr::Item));
            }
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.put, &mut item.delete].into_iter().flatten()
}

/// A variable part of a path.
fn variable(path: &str, name: &str) -> Parameter {
    let (about, schema): (&str, Schema) = match name {
        "id" => ("An id.", json_schema!({ "type": "string", "format": "uuid" })),
        "scope" => (
            "What a budget is for.",
            json_schema!({ "type": "string", "enum": ["turn", "agent", "member", "workspace"] }),
        ),
        "subject" => {
            ("The id of an agent or a member.", json_schema!({ "type": "string", "format": "uuid" }))
        }
        "sign_in" => ("The id of a sign-in.", json_schema!({ "type": "string", "format": "uuid" })),
        "invitation" => (
            "An invitation: what its link ends in to look at it or to take it, its id to revoke it.",
            json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 100 }),
        ),
        "token" => (
            "What the link ends in.",
            json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 100 }),
        ),
        "plural" => (
            "An object by its plural name, such as `deals`.",
            json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 60, "examples": ["deals", "contacts"] }),
        ),
        _ if path.starts_with("/api/roles") => (
            "A role by its name.",
            json_schema!({ "type": "string", "minLength": 1, "maxLength": 60, "examples": ["Member"] }),
        ),
        _ if path.starts_with("/api/evals") => (
            "A dataset by its name.",
            json_schema!({ "type": "string", "minLength": 1, "maxLength": 100, "examples": ["sales-basics"] }),
        ),
        _ if path.starts_with("/api/operations") => (
            "An operation, such as `deal.update`.",
            json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)?$", "maxLength": 80, "examples": ["deal.find"] }),
        ),
        _ => (
            "An object by its name, such as `deal`.",
            json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 60, "examples": ["deal"] }),
        ),
    };
    Parameter::Path { parameter_data: parameter(name, about, schema, true), style: PathStyle::Simple }
}

/// What all parameters have.
fn parameter(name: &str, about: &str, schema: Schema, required: bool) -> ParameterData {
    ParameterData {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        required,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema_object(schema)),
        example: None,
        examples: Default::default(),
        explode: None,
        extensions: Default::default(),
    }
}

fn schema_object(json_schema: Schema) -> SchemaObject {
    SchemaObject { json_schema, external_docs: None, example: None }
}
