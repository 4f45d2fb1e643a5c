//! What the workspace has set for itself.

use axum::{Router, extract::State, routing::get};
use kontor_identity::WorkspaceSettings;
use serde_json::{Map, Value};

use crate::{
    extract::{Json, NoParameters, SignedIn},
    problem::Result,
};
use kontor_http::Services;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/settings", get(settings).patch(change))
}

async fn settings(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<axum::Json<WorkspaceSettings>> {
    Ok(axum::Json(state.identity.workspace_settings(&caller).await?))
}

async fn change(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Json(changes): Json<Map<String, Value>>,
) -> Result<axum::Json<WorkspaceSettings>> {
    Ok(axum::Json(state.identity.change_workspace_settings(&caller, &changes).await?))
}
