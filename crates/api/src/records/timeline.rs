use axum::{extract::State, response::Response};
use kontor_core::ids::RecordId;

use crate::{
    extract::{Parameters, Segments, SignedIn},
    page,
    problem::Result,
};
use kontor_http::Services;

const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 100;

/// What happened to a record, the latest first.
pub(super) async fn timeline(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments((plural, id)): Segments<(String, RecordId)>,
    parameters: Parameters,
) -> Result<Response> {
    let parameters = parameters.knowing(&["limit", "after"])?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let found = state.crm.timeline(&caller, &plural, id, limit, parameters.owned("after")).await?;
    let data: Vec<_> = found.entries.iter().map(|entry| entry.to_json()).collect();
    Ok(page::page(data, found.next, None))
}
