use axum::extract::State;
use kontor_core::ids::RecordId;
use kontor_crm::records::RecordWrite;
use kontor_http::Services;

use super::written::Written;
use crate::{
    extract::{Acting, IdempotencyKey, IfMatch, NoParameters, Segments},
    problem::Result,
};

/// Deletes a record, which can be restored.
pub(super) async fn delete(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments((plural, id)): Segments<(String, RecordId)>,
    IfMatch(if_match): IfMatch,
    key: IdempotencyKey,
    _: NoParameters,
) -> Result<Written> {
    let write = RecordWrite::Delete { id, if_match };
    Ok(state.crm.write_once(&caller, &plural, write, key.over(&()), Written::nothing).await?)
}
