use axum::{extract::State, http::StatusCode};
use kontor_core::ids::RecordId;

use crate::{
    extract::{IfMatch, Parameters, Segments, SignedIn},
    problem::Result,
    state::ApiState,
};

/// Puts a record aside, restorably.
pub(super) async fn delete(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments((plural, id)): Segments<(String, RecordId)>,
    IfMatch(version): IfMatch,
    parameters: Parameters,
) -> Result<StatusCode> {
    parameters.knowing(&[])?;
    state.crm.delete_if(&caller, &plural, id, version).await?;
    Ok(StatusCode::NO_CONTENT)
}
