//! What the answers of this crate say of themselves.

use aide::{
    OperationOutput,
    generate::GenContext,
    openapi::{
        Header, HeaderStyle, MediaType, Operation, ParameterSchemaOrContent, ReferenceOr, Response,
        StatusCode,
    },
};
use kontor_agents::SessionExport;
use kontor_crm::records::Record;
use schemars::json_schema;

use super::schema_object;
use crate::{
    events::EventStream,
    page::Whole,
    problem::{ApiError, Details},
    records::{Single, Written},
    session_shares::SessionFile,
    usage::{Usage, UsageAnswer},
};

type Responses = Vec<(Option<StatusCode>, Response)>;

/// Every failure of every route.
impl OperationOutput for ApiError {
    type Inner = ();

    fn operation_response(context: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let schema = schema_object(context.schema.subschema_for::<Details<'static>>());
        let body = MediaType { schema: Some(schema), ..MediaType::default() };
        Some(Response {
            description: "What is wrong, and where.".to_owned(),
            content: [("application/problem+json".to_owned(), body)].into_iter().collect(),
            ..Response::default()
        })
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Responses {
        Self::operation_response(context, operation).map(|response| (None, response)).into_iter().collect()
    }
}

/// One record with its version.
impl OperationOutput for Single {
    type Inner = Record;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Response> {
        let mut response = axum::Json::<Record>::operation_response(context, operation)?;
        response.headers.insert("ETag".to_owned(), ReferenceOr::Item(entity_tag()));
        Some(response)
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Responses {
        let response = Self::operation_response(context, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}

/// What a write answers; which of these a route answers it says itself.
impl OperationOutput for Written {
    type Inner = ();
}

/// The records of a batch that was written.
impl OperationOutput for Whole<Record> {
    type Inner = Self;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Response> {
        axum::Json::<Self>::operation_response(context, operation)
    }
}

impl OperationOutput for EventStream {
    type Inner = ();

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let schema = schema_object(json_schema!({ "type": "string" }));
        let body = MediaType { schema: Some(schema), ..MediaType::default() };
        Some(Response {
            description: "Server-sent events (WHATWG HTML, section 9.2).".to_owned(),
            content: [("text/event-stream".to_owned(), body)].into_iter().collect(),
            ..Response::default()
        })
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Responses {
        let response = Self::operation_response(context, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}

/// The figures as JSON, or as a table for spreadsheets.
impl OperationOutput for UsageAnswer {
    type Inner = Usage;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Response> {
        let mut response = axum::Json::<Usage>::operation_response(context, operation)?;
        let schema = schema_object(json_schema!({ "type": "string" }));
        response
            .content
            .insert("text/csv".to_owned(), MediaType { schema: Some(schema), ..MediaType::default() });
        Some(response)
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Responses {
        let response = Self::operation_response(context, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}

/// A session as JSON, or as Markdown for people.
impl OperationOutput for SessionFile {
    type Inner = SessionExport;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Response> {
        let mut response = axum::Json::<SessionExport>::operation_response(context, operation)?;
        let schema = schema_object(json_schema!({ "type": "string" }));
        response
            .content
            .insert("text/markdown".to_owned(), MediaType { schema: Some(schema), ..MediaType::default() });
        Some(response)
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Responses {
        let response = Self::operation_response(context, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}

fn entity_tag() -> Header {
    Header {
        description: Some("The version, for `If-Match`.".to_owned()),
        style: HeaderStyle::Simple,
        required: false,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema_object(json_schema!({ "type": "string" }))),
        example: None,
        examples: Default::default(),
        extensions: Default::default(),
    }
}
