//! Agents made, changed, copied, reset and deleted.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_agents::{AgentPatch, AgentSummary, AgentVersion, NewAgent};
use kontor_http::Services;

use crate::{
    extract::{Acting, Holds, IfMatch, Json, ManagesAgents, NoParameters, Parameter, Parameters, Segments},
    openapi::Describe as _,
    page::{self, Whole},
    problem::Result,
};

const KNOWN: [Parameter; 1] = [Parameter::new(
    "deleted",
    Holds::Flag,
    "Those that are deleted as well, for those who may change agents.",
)];

/// Of which version something is done.
const OF_VERSION: [Parameter; 1] = [Parameter::new(
    "version",
    Holds::Number { least: 1, most: u32::MAX },
    "The version that the caller knows: where it is not the present one, nothing is done.",
)];

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is(
            "list_agents",
            "The agents that the caller may talk to; all that are not deleted for those who may change them",
        )
        .tag("Agents")
        .queries(&KNOWN)
    })
    .post_with(create, |op| {
        op.is("create_agent", "Makes an agent, of nothing or of another")
            .tag("Agents")
            .answers::<201, Answer<AgentSummary>>()
    });
    let single = get_with(one, |op| {
        op.is("get_agent", "An agent, by its name or id").tag("Agents").answers::<200, Answer<AgentSummary>>()
    })
    .patch_with(change, |op| {
        op.is("change_agent", "Changes what it names of an agent, which is a new version of it")
            .tag("Agents")
            .answers::<200, Answer<AgentSummary>>()
    })
    .delete_with(delete, |op| {
        op.is("delete_agent", "Puts an agent aside; what was said with it stays")
            .tag("Agents")
            .queries(&OF_VERSION)
            .answers::<204, ()>()
    });
    let restore = post_with(restore, |op| {
        op.is("restore_agent", "Takes a deleted agent back, by its id").tag("Agents")
    });
    let reset = post_with(reset, |op| {
        op.is("reset_agent", "Has a standard agent be as it ships with Kontor")
            .tag("Agents")
            .queries(&OF_VERSION)
    });
    let versions = get_with(versions, |op| {
        op.is("list_agent_versions", "The versions of an agent, the latest first").tag("Agents")
    });
    ApiRouter::new()
        .api_route("/agents", all)
        .api_route("/agents/{name}", single)
        .api_route("/agents/{name}/restore", restore)
        .api_route("/agents/{name}/reset", reset)
        .api_route("/agents/{name}/versions", versions)
}

async fn list(
    State(state): State<Services>,
    Acting(caller): Acting,
    parameters: Parameters,
) -> Result<Answer<Whole<AgentSummary>>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let with_deleted = parameters.flag("deleted")?;
    let agents = match with_deleted {
        true => state.agents.agents_with_deleted(&caller).await?,
        false => state.agents.agents(&caller).await?,
    };
    Ok(page::whole(agents))
}

async fn create(
    State(state): State<Services>,
    ManagesAgents(caller): ManagesAgents,
    _: NoParameters,
    Json(new): Json<NewAgent>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<AgentSummary>)> {
    let agent = state.agents.create_agent(&caller, new).await?;
    let location = format!("/api/agents/{}", agent.name);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(agent)))
}

async fn one(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<([(HeaderName, String); 1], Answer<AgentSummary>)> {
    let agent = state.agents.agent_by_name(&caller, &name).await?;
    Ok((tag(&agent), Answer(agent)))
}

/// The version that a change is to name, as HTTP has it.
fn tag(agent: &AgentSummary) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{}\"", agent.version))]
}

async fn change(
    State(state): State<Services>,
    ManagesAgents(caller): ManagesAgents,
    _: NoParameters,
    Segments(name): Segments<String>,
    IfMatch(if_match): IfMatch,
    Json(patch): Json<AgentPatch>,
) -> Result<([(HeaderName, String); 1], Answer<AgentSummary>)> {
    let version = patch.version.or(if_match);
    let agent = state.agents.change_agent(&caller, &name, AgentPatch { version, ..patch }).await?;
    Ok((tag(&agent), Answer(agent)))
}

async fn delete(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(name): Segments<String>,
    IfMatch(if_match): IfMatch,
    parameters: Parameters,
) -> Result<StatusCode> {
    let parameters = parameters.knowing(&OF_VERSION)?;
    let version = parameters.number("version", 1..=u32::MAX)?.map(i64::from);
    state.agents.delete_agent(&caller, &name, version.or(if_match)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<AgentSummary>> {
    Ok(Answer(state.agents.restore_agent(&caller, &name).await?))
}

async fn reset(
    State(state): State<Services>,
    Acting(caller): Acting,
    Segments(name): Segments<String>,
    IfMatch(if_match): IfMatch,
    parameters: Parameters,
) -> Result<Answer<AgentSummary>> {
    let parameters = parameters.knowing(&OF_VERSION)?;
    let version = parameters.number("version", 1..=u32::MAX)?.map(i64::from);
    Ok(Answer(state.agents.reset_agent(&caller, &name, version.or(if_match)).await?))
}

async fn versions(
    State(state): State<Services>,
    Acting(caller): Acting,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Whole<AgentVersion>>> {
    Ok(page::whole(state.agents.agent_versions(&caller, &name).await?))
}
