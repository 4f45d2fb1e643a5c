//! The agents that the caller may talk to.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{Json, extract::State};
use kontor_agents::AgentSummary;
use kontor_http::Services;

use crate::{
    extract::{NoParameters, SignedIn},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

pub(crate) fn routes() -> ApiRouter<Services> {
    let listed =
        get_with(list, |op| op.is("list_agents", "The agents that the caller may talk to").tag("Agents"));
    ApiRouter::new().api_route("/agents", listed)
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<Json<Whole<AgentSummary>>> {
    Ok(page::whole(state.agents.agents(&caller).await?))
}
