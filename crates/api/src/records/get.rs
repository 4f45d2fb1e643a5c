use axum::{extract::State, response::Response};
use kontor_core::ids::RecordId;

use super::single;
use crate::{
    extract::{Parameters, Segments, SignedIn},
    problem::Result,
};
use kontor_http::Services;

pub(super) async fn get(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments((plural, id)): Segments<(String, RecordId)>,
    parameters: Parameters,
) -> Result<Response> {
    let parameters = parameters.knowing(&["fields", "include"])?;
    let fields = parameters.list("fields");
    let include = parameters.list("include").unwrap_or_default();
    Ok(single(&state.crm.get(&caller, &plural, id, fields, include).await?))
}
