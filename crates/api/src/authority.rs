//! What somebody may do, and what decides on it.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{Json as Answer, extract::State};
use kontor_agents::{Authority, Explanation, Question, Subject};
use kontor_core::ids::MemberId;
use kontor_http::Services;

use crate::{
    extract::{Holds, Json, NoParameters, Parameter, Parameters, Segments, SignedIn},
    openapi::Describe as _,
    problem::Result,
};

const KNOWN: [Parameter; 1] =
    [Parameter::new("agent", Holds::Text, "The name of the agent that acts for the member.")];

pub(crate) fn routes() -> ApiRouter<Services> {
    let explain = post_with(explain, |op| {
        op.is("explain_authority", "Whether somebody may do something, and why; nothing is done").tag("Roles")
    });
    let of_member = get_with(of_member, |op| {
        op.is("get_authority", "What a member may do, and where it comes from").tag("Roles").queries(&KNOWN)
    });
    ApiRouter::new().api_route("/authority/explain", explain).api_route("/members/{id}/authority", of_member)
}

async fn explain(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Json(question): Json<Question>,
) -> Result<Answer<Explanation>> {
    Ok(Answer(state.agents.explain(&caller, question).await?))
}

async fn of_member(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments(member): Segments<MemberId>,
    parameters: Parameters,
) -> Result<Answer<Authority>> {
    let agent = parameters.knowing(&KNOWN)?.owned("agent");
    let subject = Subject { member: Some(member), agent, ..Subject::default() };
    Ok(Answer(state.agents.authority(&caller, subject).await?))
}
