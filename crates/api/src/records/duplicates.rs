use axum::extract::State;
use kontor_core::{
    error::{Issue, Problem},
    ids::RecordId,
};
use kontor_crm::records::Likeness;
use kontor_http::Services;
use serde_json::{Map, Value};

use super::Similar;
use crate::{
    extract::{Acting, Holds, Json, NoParameters, Parameter, Parameters, Segments},
    page,
    problem::{ApiError, Result},
};

pub(super) const KNOWN: [Parameter; 1] =
    [Parameter::new("id", Holds::Id, "The record that is there.").required()];

/// The records that may stand for the same as one that is there: `?id=…`.
pub(super) async fn of_record(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(plural): Segments<String>,
    parameters: Parameters,
) -> Result<Similar> {
    let parameters = parameters.knowing(&KNOWN)?;
    let id = parameters.owned("id").unwrap_or_default().parse::<RecordId>().map_err(|_| {
        let message = "expected the id of a record; POST looks for one that is yet to be made";
        ApiError::of(Problem::invalid(vec![Issue::new("id", "wrong_type", message)]))
    })?;
    let found = state.crm.similar(&caller, &plural, Likeness::Record(id)).await?;
    Ok(page::whole(found))
}

/// Those that may stand for the same as one that would be made of these fields.
pub(super) async fn of_fields(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(plural): Segments<String>,
    _: NoParameters,
    Json(fields): Json<Map<String, Value>>,
) -> Result<Similar> {
    let found = state.crm.similar(&caller, &plural, Likeness::Fields(fields)).await?;
    Ok(page::whole(found))
}
