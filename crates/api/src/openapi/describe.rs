use aide::{
    generate,
    openapi::{
        MediaType, Operation, Parameter as Described, QueryStyle, ReferenceOr, RequestBody,
        SecurityRequirement,
    },
    operation::OperationOutput,
    transform::TransformOperation,
};
use schemars::{JsonSchema, Schema, json_schema};

use super::{parameter, schema_object};
use crate::extract::{Holds, Parameter};

/// What a route says of itself.
pub(crate) trait Describe: Sized {
    /// The name by which generated clients call it, in snake case, and what it does in a line.
    fn is(self, id: &str, summary: &str) -> Self;

    /// The query parameters that it knows.
    fn queries(self, known: &[Parameter]) -> Self;

    /// What it answers where that is not 200, and what it answers instead of that.
    fn answers<const STATUS: u16, T: OperationOutput>(self) -> Self;

    /// That its body is a form of these fields.
    fn form<T: JsonSchema>(self) -> Self;

    /// That nobody has to sign in for it.
    fn public(self) -> Self;
}

impl Describe for TransformOperation<'_> {
    fn is(self, id: &str, summary: &str) -> Self {
        self.id(id).summary(summary)
    }

    fn queries(mut self, known: &[Parameter]) -> Self {
        let described = known.iter().map(|known| ReferenceOr::Item(query(known)));
        self.inner_mut().parameters.extend(described);
        self
    }

    fn answers<const STATUS: u16, T: OperationOutput>(mut self) -> Self {
        if let Some(responses) = self.inner_mut().responses.as_mut() {
            responses.responses.shift_remove(&aide::openapi::StatusCode::Code(200));
        }
        self.response::<STATUS, T>()
    }

    fn form<T: JsonSchema>(mut self) -> Self {
        let schema = generate::in_context(|context| schema_object(context.schema.subschema_for::<T>()));
        let body = MediaType { schema: Some(schema), ..MediaType::default() };
        self.inner_mut().request_body = Some(ReferenceOr::Item(RequestBody {
            content: [("application/x-www-form-urlencoded".to_owned(), body)].into_iter().collect(),
            required: true,
            ..RequestBody::default()
        }));
        self
    }

    fn public(mut self) -> Self {
        let operation: &mut Operation = self.inner_mut();
        operation.security = vec![SecurityRequirement::new()];
        self
    }
}

fn query(known: &Parameter) -> Described {
    Described::Query {
        parameter_data: parameter(known.name, known.about, schema(known.holds), known.is_required),
        allow_reserved: false,
        style: QueryStyle::Form,
        allow_empty_value: None,
    }
}

fn schema(holds: Holds) -> Schema {
    match holds {
        Holds::Text => json_schema!({ "type": "string" }),
        Holds::Names => {
            let about = "Names, separated by commas.";
            json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_.,: -]*$", "description": about })
        }
        Holds::Json => {
            json_schema!({ "type": "string", "contentMediaType": "application/json", "examples": ["{}"] })
        }
        Holds::Flag => json_schema!({ "type": "boolean" }),
        Holds::Number { least, most } => {
            json_schema!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Holds::Word(words) => json_schema!({ "type": "string", "enum": words }),
        Holds::Form(pattern) => json_schema!({ "type": "string", "pattern": pattern }),
        Holds::Id => json_schema!({ "type": "string", "format": "uuid" }),
        Holds::Instant => json_schema!({ "type": "string", "format": "date-time" }),
        Holds::Day => json_schema!({ "type": "string", "format": "date" }),
    }
}
