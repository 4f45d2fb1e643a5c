use axum::{extract::State, response::Response};
use kontor_core::ids::RecordId;

use super::single;
use crate::{
    extract::{Segments, SignedIn},
    problem::Result,
    state::ApiState,
};

pub(super) async fn restore(
    State(state): State<ApiState>,
    SignedIn(caller): SignedIn,
    Segments((plural, id)): Segments<(String, RecordId)>,
) -> Result<Response> {
    Ok(single(&state.crm.restore(&caller, &plural, id).await?))
}
