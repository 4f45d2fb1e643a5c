use axum::extract::State;
use kontor_crm::records::RecordWrite;
use kontor_http::Services;
use serde_json::{Map, Value};

use super::written::Written;
use crate::{
    extract::{Acting, IdempotencyKey, Json, NoParameters, Segments},
    problem::Result,
};

pub(super) async fn create(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(plural): Segments<String>,
    key: IdempotencyKey,
    _: NoParameters,
    Json(fields): Json<Map<String, Value>>,
) -> Result<Written> {
    let key = key.over(&fields);
    let write = RecordWrite::Create(fields);
    Ok(state.crm.write_once(&caller, &plural, write, key, Written::created).await?)
}
