//! Search over the records of every object.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json, extract::State};
use kontor_core::reference::RecordReference;
use kontor_crm::search::MAX_HITS;
use kontor_http::Services;

use crate::{
    extract::{Acting, Holds, Parameter, Parameters},
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

const DEFAULT_LIMIT: u32 = 20;

const KNOWN: [Parameter; 3] = [
    Parameter::new("q", Holds::Form("\\S"), "Words that a record has to have, all of them.").required(),
    Parameter::new("objects", Holds::Names, "Only records of these objects."),
    Parameter::limit(MAX_HITS),
];

pub(crate) fn routes() -> ApiRouter<Services> {
    let search = get_with(search, |op| {
        op.is("search", "The records of every object that have some words").tag("Records").queries(&KNOWN)
    });
    ApiRouter::new().api_route("/search", search)
}

async fn search(
    State(state): State<Services>,
    Acting(caller): Acting,
    parameters: Parameters,
) -> Result<Json<Whole<RecordReference>>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let limit = parameters.number("limit", 1..=MAX_HITS)?.unwrap_or(DEFAULT_LIMIT);
    let Some(query) = parameters.owned("q") else {
        return Err(ApiError::issue("q", "required", "Say what to search for."));
    };
    let hits = state.crm.search(&caller, &query, parameters.list("objects"), limit).await?;
    let data = hits.into_iter().map(|hit| RecordReference {
        object: hit.object.name.clone(),
        id: hit.id,
        label: hit.label,
    });
    Ok(page::whole(data.collect()))
}
