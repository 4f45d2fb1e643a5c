use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value};

use super::single;
use crate::{
    extract::{Json, Parameters, Segments, SignedIn},
    problem::Result,
    state::ApiState,
};

pub(super) async fn create(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments(plural): Segments<String>,
    parameters: Parameters,
    Json(fields): Json<Map<String, Value>>,
) -> Result<Response> {
    parameters.knowing(&[])?;
    let record = state.crm.create(&caller, &plural, fields).await?;
    let mut response = (StatusCode::CREATED, single(&record)).into_response();
    // Names and ids have no character that a header could not hold.
    let location = format!("/api/records/{}/{}", record.object.plural, record.id);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}
