use axum::extract::State;
use kontor_core::ids::RecordId;
use kontor_crm::records::RecordWrite;
use kontor_http::Services;

use super::written::Written;
use crate::{
    extract::{Acting, IdempotencyKey, NoParameters, Segments},
    problem::Result,
};

pub(super) async fn restore(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments((plural, id)): Segments<(String, RecordId)>,
    key: IdempotencyKey,
    _: NoParameters,
) -> Result<Written> {
    let write = RecordWrite::Restore(id);
    Ok(state.crm.write_once(&caller, &plural, write, key.over(&()), Written::one).await?)
}
