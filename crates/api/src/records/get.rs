use axum::extract::State;
use kontor_core::ids::RecordId;
use kontor_http::Services;

use super::Single;
use crate::{
    extract::{Acting, Holds, Parameter, Parameters, Segments},
    problem::Result,
};

pub(super) const KNOWN: [Parameter; 2] = [
    Parameter::new("fields", Holds::Names, "Only these fields."),
    Parameter::new("include", Holds::Names, "Relations whose record is answered too."),
];

pub(super) async fn get(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments((plural, id)): Segments<(String, RecordId)>,
    parameters: Parameters,
) -> Result<Single> {
    let parameters = parameters.knowing(&KNOWN)?;
    let fields = parameters.list("fields");
    let include = parameters.list("include").unwrap_or_default();
    Ok(Single(state.crm.get(&caller, &plural, id, fields, include).await?))
}
