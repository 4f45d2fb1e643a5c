use axum::{extract::State, response::Response};
use kontor_core::ids::RecordId;
use serde_json::{Map, Value};

use super::single;
use crate::{
    extract::{IfMatch, Json, Parameters, Segments, SignedIn},
    problem::Result,
    state::ApiState,
};

/// Changes the fields given; one given as null is emptied.
pub(super) async fn update(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments((plural, id)): Segments<(String, RecordId)>,
    IfMatch(version): IfMatch,
    parameters: Parameters,
    Json(fields): Json<Map<String, Value>>,
) -> Result<Response> {
    parameters.knowing(&[])?;
    let updated = state.crm.update(&caller, &plural, id, fields, version).await?;
    Ok(single(&updated.record))
}
