//! What the workspace has set for itself.

use aide::axum::{ApiRouter, routing::get_with};
use axum::extract::State;
use kontor_http::Services;
use kontor_identity::WorkspaceSettings;
use serde_json::{Map, Value};

use crate::{
    extract::{Acting, ChangesSettings, Json, NoParameters},
    openapi::Describe as _,
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let settings =
        get_with(settings, |op| op.is("get_settings", "What the workspace has set").tag("Workspace"))
            .patch_with(change, |op| {
                op.is("change_settings", "Changes what it names; null takes it back").tag("Workspace")
            });
    ApiRouter::new().api_route("/settings", settings)
}

async fn settings(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
) -> Result<axum::Json<WorkspaceSettings>> {
    Ok(axum::Json(state.identity.workspace_settings(&caller).await?))
}

async fn change(
    State(state): State<Services>,
    ChangesSettings(caller): ChangesSettings,
    _: NoParameters,
    Json(changes): Json<Map<String, Value>>,
) -> Result<axum::Json<WorkspaceSettings>> {
    Ok(axum::Json(state.identity.change_workspace_settings(&caller, &changes).await?))
}
