use axum::{Json, extract::State};
use kontor_core::ids::RecordId;
use kontor_crm::timeline::Entry;
use kontor_http::Services;

use crate::{
    extract::{Acting, Parameter, Parameters, Segments},
    page::{self, Page},
    problem::Result,
};

const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 100;

pub(super) const KNOWN: [Parameter; 2] = [Parameter::limit(MAX_LIMIT), Parameter::after()];

/// What happened to a record, the latest first.
pub(super) async fn timeline(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments((plural, id)): Segments<(String, RecordId)>,
    parameters: Parameters,
) -> Result<Json<Page<Entry>>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let found = state.crm.timeline(&caller, &plural, id, limit, parameters.owned("after")).await?;
    Ok(page::page(found.entries, found.next, None))
}
