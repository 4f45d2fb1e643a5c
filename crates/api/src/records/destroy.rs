use axum::{extract::State, http::StatusCode};
use kontor_core::ids::RecordId;

use crate::{
    extract::{Segments, SignedIn},
    problem::Result,
    state::ApiState,
};

/// Removes a record for good.
pub(super) async fn destroy(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments((plural, id)): Segments<(String, RecordId)>,
) -> Result<StatusCode> {
    state.crm.destroy(&caller, &plural, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
