//! What agents are told: versions, what differs between them, drafts, variables, and how it looks to a model.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_agents::{
    NewDraft, NewPreview, NewPrompt, Preview, PromptDiff, PromptDraft, PromptVersion, Variable,
};
use kontor_core::error::{ErrorKind, Problem};
use kontor_http::Services;

use crate::{
    extract::{
        Holds, Json, NoParameters, Parameter, Parameters, SeesAgents, Segments, SignedIn, WritesPrompts,
    },
    openapi::Describe as _,
    page::{self, Whole},
    problem::{ApiError, Result},
};

const BOTH: [Parameter; 2] = [
    Parameter::new("from", Holds::Number { least: 1, most: u32::MAX }, "The version before.").required(),
    Parameter::new("to", Holds::Number { least: 1, most: u32::MAX }, "The version behind.").required(),
];

pub(crate) fn routes() -> ApiRouter<Services> {
    let variables =
        get_with(variables, |op| op.is("list_prompt_variables", "What a prompt may name").tag("Agents"));
    let all = get_with(list, |op| {
        op.is("list_prompts", "The versions of an agent's prompt, the latest first").tag("Agents")
    })
    .post_with(save, |op| {
        op.is("save_prompt", "Saves a prompt as the agent's next version; no label moves by it")
            .tag("Agents")
            .answers::<201, Answer<PromptVersion>>()
    });
    let single = get_with(one, |op| op.is("get_prompt", "One version of an agent's prompt").tag("Agents"));
    let diff = get_with(diff, |op| {
        op.is("compare_prompts", "What differs between two versions of a prompt").tag("Agents").queries(&BOTH)
    });
    let draft =
        get_with(draft, |op| op.is("get_draft", "The caller's draft of an agent's prompt").tag("Agents"))
            .put_with(keep, |op| {
                op.is("keep_draft", "Keeps the caller's draft of an agent's prompt").tag("Agents")
            })
            .delete_with(discard, |op| {
                op.is("discard_draft", "Does away with the caller's draft").tag("Agents").answers::<204, ()>()
            });
    let preview = post_with(preview, |op| {
        op.is("preview_prompt", "What an agent's model would be sent for a member who looks at a record")
            .tag("Agents")
    });
    ApiRouter::new()
        .api_route("/agents/variables", variables)
        .api_route("/agents/{name}/prompts", all)
        .api_route("/agents/{name}/prompts/diff", diff)
        .api_route("/agents/{name}/prompts/{version}", single)
        .api_route("/agents/{name}/draft", draft)
        .api_route("/agents/{name}/preview", preview)
}

async fn variables(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
) -> Result<Answer<Whole<Variable>>> {
    Ok(page::whole(state.agents.prompt_variables(&caller)?))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<Whole<PromptVersion>>> {
    Ok(page::whole(state.agents.prompts(&caller, &name).await?))
}

async fn save(
    State(state): State<Services>,
    WritesPrompts(caller): WritesPrompts,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewPrompt>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<PromptVersion>)> {
    let saved = state.agents.save_prompt(&caller, &name, new).await?;
    let location = format!("/api/agents/{name}/prompts/{}", saved.version);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(saved)))
}

async fn one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments((name, version)): Segments<(String, i64)>,
) -> Result<Answer<PromptVersion>> {
    Ok(Answer(state.agents.prompt(&caller, &name, version).await?))
}

async fn diff(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    Segments(name): Segments<String>,
    parameters: Parameters,
) -> Result<Answer<PromptDiff>> {
    let parameters = parameters.knowing(&BOTH)?;
    let version = |name: &str| {
        let given = parameters.number(name, 1..=u32::MAX)?;
        let told = "The number of a version is expected here.";
        given.map(i64::from).ok_or_else(|| ApiError::issue(name, "required", told))
    };
    Ok(Answer(state.agents.prompt_diff(&caller, &name, version("from")?, version("to")?).await?))
}

async fn draft(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<Answer<PromptDraft>> {
    let draft = state.agents.prompt_draft(&caller, &name).await?;
    let none = || Problem::new(ErrorKind::NotFound, "draft_not_found", "You have no draft of this prompt.");
    Ok(Answer(draft.ok_or_else(|| ApiError::of(none()))?))
}

async fn keep(
    State(state): State<Services>,
    WritesPrompts(caller): WritesPrompts,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(new): Json<NewDraft>,
) -> Result<Answer<PromptDraft>> {
    Ok(Answer(state.agents.keep_draft(&caller, &name, new).await?))
}

async fn discard(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(name): Segments<String>,
) -> Result<StatusCode> {
    state.agents.discard_draft(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn preview(
    State(state): State<Services>,
    SeesAgents(caller): SeesAgents,
    _: NoParameters,
    Segments(name): Segments<String>,
    Json(asked): Json<NewPreview>,
) -> Result<Answer<Preview>> {
    Ok(Answer(state.agents.preview(&caller, &name, asked).await?))
}
