//! What the extractors of this crate say of the requests that they read.

use aide::{
    OperationInput,
    generate::GenContext,
    openapi::{HeaderStyle, MediaType, Operation, Parameter, ReferenceOr, RequestBody, SecurityRequirement},
};
use schemars::{JsonSchema, json_schema};

use super::{BEARER, parameter, schema_object};
use crate::extract::{
    Acting, ActingBy, Chatting, IdempotencyKey, IfMatch, Json, NoParameters, Parameters, PeerAddress,
    Segments, SignedIn, StreamCaller, StreamChatting,
};

/// Of these the route says itself what they read, or they read nothing that a client writes.
impl OperationInput for Parameters {}
impl OperationInput for NoParameters {}
impl OperationInput for PeerAddress {}
impl<T> OperationInput for Segments<T> {}

impl OperationInput for SignedIn {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        operation.security = signed_in();
    }
}

impl OperationInput for Acting {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        operation.security = signed_in();
    }
}

impl OperationInput for Chatting {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        operation.security = signed_in();
    }
}

impl OperationInput for StreamChatting {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        operation.security = signed_in();
    }
}

impl OperationInput for ActingBy {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        operation.security = signed_in();
    }
}

impl OperationInput for StreamCaller {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        operation.security = signed_in();
    }
}

fn signed_in() -> Vec<SecurityRequirement> {
    vec![SecurityRequirement::from_iter([(BEARER.to_owned(), Vec::new())])]
}

impl OperationInput for IdempotencyKey {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        let schema =
            json_schema!({ "type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$" });
        let about = "Sent again under its key within a day, the same request has no second effect.";
        header(operation, "Idempotency-Key", about, schema);
    }
}

impl OperationInput for IfMatch {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        let schema =
            json_schema!({ "type": "string", "pattern": "^(\\*|\"[0-9]{1,18}\")$", "examples": ["\"3\""] });
        let about = "The version that the record has to have: the `ETag` of a `GET`, with its quotes.";
        header(operation, "If-Match", about, schema);
    }
}

fn header(operation: &mut Operation, name: &str, about: &str, schema: schemars::Schema) {
    let parameter_data = parameter(name, about, schema, false);
    operation
        .parameters
        .push(ReferenceOr::Item(Parameter::Header { parameter_data, style: HeaderStyle::Simple }));
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = schema_object(context.schema.subschema_for::<T>());
        let body = MediaType { schema: Some(schema), ..MediaType::default() };
        operation.request_body = Some(ReferenceOr::Item(RequestBody {
            description: None,
            content: [("application/json".to_owned(), body)].into_iter().collect(),
            required: true,
            extensions: Default::default(),
        }));
    }
}
