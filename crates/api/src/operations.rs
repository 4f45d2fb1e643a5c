//! The caller's catalogue of operations, and running one of it by hand: what an agent can do for a person,
//! the person can do directly. No approval is asked for, since a person is asking.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json as Answer, extract::State};
use kontor_core::operation::Definition;
use kontor_http::Services;
use serde_json::{Map, Value};

use crate::{
    extract::{Acting, IdempotencyKey, Json, NoParameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed = get_with(list, |op| {
        op.is("list_operations", "What the caller can have done, with the schema of its arguments")
            .tag("Operations")
    });
    let run = post_with(run, |op| op.is("run_operation", "Does an operation").tag("Operations"));
    ApiRouter::new().api_route("/operations", listed).api_route("/operations/{name}", run)
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<Answer<Whole<Definition>>> {
    Ok(page::whole(state.operations.definitions(&caller).await?))
}

async fn run(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
    key: IdempotencyKey,
    Json(arguments): Json<Map<String, Value>>,
) -> Result<Answer<Value>> {
    let key = key.over(&arguments);
    let arguments = Value::Object(arguments);
    Ok(Answer(state.operations.execute(&caller, &name, arguments, key).await?))
}
