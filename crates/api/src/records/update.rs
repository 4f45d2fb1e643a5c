use axum::extract::State;
use kontor_core::ids::RecordId;
use kontor_crm::records::RecordWrite;
use kontor_http::Services;
use serde_json::{Map, Value};

use super::written::Written;
use crate::{
    extract::{Acting, IdempotencyKey, IfMatch, Json, NoParameters, Segments},
    problem::Result,
};

/// Changes the fields given; one given as null is emptied.
pub(super) async fn update(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments((plural, id)): Segments<(String, RecordId)>,
    IfMatch(if_match): IfMatch,
    key: IdempotencyKey,
    _: NoParameters,
    Json(fields): Json<Map<String, Value>>,
) -> Result<Written> {
    let key = key.over(&fields);
    let write = RecordWrite::Update { id, fields, if_match };
    Ok(state.crm.write_once(&caller, &plural, write, key, Written::one).await?)
}
