//! The form of an agent: one that is new, or one that is changed, with its versions.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use kontor_agents::{
    AgentLimits, AgentPatch, AgentSummary, AgentVersion, Definition, Error, NewAgent, ResponseFormat,
};
use kontor_core::{caller::Caller, error::Issue};
use kontor_http::Services;
use kontor_identity::Csrf;
use kontor_models::{ReasoningEffort, RequestSettings};
use serde_json::Value as Json;

use super::{href, may_change, may_write};
use crate::{
    assets,
    error::{Result, page, refused},
    form::{Fields, Wrong},
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, instant},
};

/// The drawings to choose from.
const ICONS: [&str; 10] =
    ["sparkles", "agent", "chart", "target", "users", "building", "calendar", "check", "file", "search"];

/// The inputs of what a version says.
const INPUTS: [&str; 20] = [
    "label",
    "icon",
    "description",
    "model",
    "temperature",
    "max_output_tokens",
    "reasoning_effort",
    "fallbacks",
    "role",
    "operations",
    "format",
    "schema",
    "steps",
    "tool_calls",
    "deadline_seconds",
    "suggested_questions",
    "evaluation_inputs",
    "ask",
    "hand_to",
    "prompt",
];

#[derive(Template)]
#[template(path = "agent.html")]
struct AgentPage {
    assets: &'static str,
    shell: Shell,
    action: String,
    /// The agent that is changed, where none is made.
    agent: Option<AgentView>,
    form: Fields,
    copy_of: String,
    roles: Vec<String>,
    models: Vec<String>,
    versions: Vec<VersionView>,
    may_change: bool,
    may_write: bool,
    done: &'static str,
    /// What somebody else changed meanwhile.
    conflict: String,
    /// What they made of an input that was changed here as well.
    newer: Fields,
    wrong: Wrong,
}

struct AgentView {
    name: String,
    version: i64,
    prompt_version: i64,
    active: bool,
    is_standard: bool,
}

struct VersionView {
    number: i64,
    changed: String,
    prompt: i64,
    by: String,
    when: Shown,
}

impl AgentPage {
    fn icons(&self) -> [&'static str; 10] {
        ICONS
    }

    fn efforts(&self) -> [&'static str; 3] {
        ReasoningEffort::ALL.map(ReasoningEffort::word)
    }
}

pub(crate) async fn new(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let copy_of = query.get("copy_of");
    let mut form = Fields::default();
    if copy_of.is_empty() {
        form.set("model", "smart");
        form.set("icon", "sparkles");
        form.set("format", "markdown");
        form.set("role", "Viewer");
        form.set("operations", "*.find\n*.get\n*.group\n*.timeline\nsearch");
        form.set("prompt", kontor_agents::STARTER);
    } else {
        let original = state.agents.agent_by_name(&caller, copy_of).await?;
        form = written(&original.definition);
        form.set("label", format!("{} (copy)", original.definition.label));
        form.set("prompt", original.prompt.unwrap_or_default());
    }
    let mut shown = agent_page(&state, &caller, &csrf, None, form).await?;
    shown.copy_of = copy_of.to_owned();
    page(&shown)
}

pub(crate) async fn create(State(state): State<Services>, sent: Sent) -> Result<Response> {
    let Sent { caller, csrf, fields } = sent;
    let (status, wrong) = match patch_of(&fields) {
        Ok(patch) => {
            let prompt = fields.find("prompt").unwrap_or_default().replace("\r\n", "\n");
            let copy_of = Some(fields.get("copy_of").to_owned()).filter(|name| !name.is_empty());
            let new = NewAgent {
                name: fields.get("name").to_owned(),
                copy_of,
                role: patch.role,
                prompt: Some(prompt),
                label: patch.label.filter(|label| !label.is_empty()),
                icon: patch.icon,
                description: patch.description,
                model: patch.model,
                settings: patch.settings,
                fallbacks: patch.fallbacks,
                operations: patch.operations,
                format: patch.format,
                limits: patch.limits,
                suggested_questions: patch.suggested_questions,
                evaluation_inputs: patch.evaluation_inputs,
                ask: patch.ask,
                hand_to: patch.hand_to,
                active: None,
            };
            match state.agents.create_agent(&caller, new).await {
                Ok(agent) => {
                    return Ok(Redirect::to(&format!("{}?done=made", href(&agent.name))).into_response());
                }
                Err(error) => wrong_of(error)?,
            }
        }
        Err(issues) => unread(&issues),
    };
    let copy_of = fields.get("copy_of").to_owned();
    let shown = agent_page(&state, &caller, &csrf, None, fields).await?;
    Ok((status, page(&AgentPage { wrong, copy_of, ..shown })?).into_response())
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(name): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let agent = state.agents.agent_by_name(&caller, &name).await?;
    let form = written(&agent.definition);
    let mut shown = agent_page(&state, &caller, &csrf, Some(agent), form).await?;
    shown.done = match query.get("done") {
        "saved" => "Saved. Chats use it from their next message on.",
        "made" => "Made. Its prompt is the next thing to look at.",
        "reset" => "It is as it ships with Kontor.",
        _ => "",
    };
    page(&shown)
}

pub(crate) async fn change(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let Sent { caller, csrf, fields } = sent;
    let agent = state.agents.agent_by_name(&caller, &name).await?;
    let known: Option<i64> = fields.get("version").parse().ok();
    if let Some(version) = known.filter(|version| *version != agent.version) {
        return changed_meanwhile(&state, &caller, &csrf, agent, version, &fields).await;
    }
    let (status, wrong) = match patch_of(&fields) {
        Ok(patch) => {
            let patch = AgentPatch { version: known, ..patch };
            match state.agents.change_agent(&caller, &name, patch).await {
                Ok(_) => return Ok(Redirect::to(&format!("{}?done=saved", href(&name))).into_response()),
                // Somebody was faster by a moment.
                Err(Error::AgentChanged { .. }) => {
                    let agent = state.agents.agent_by_name(&caller, &name).await?;
                    let version = known.unwrap_or_default();
                    return changed_meanwhile(&state, &caller, &csrf, agent, version, &fields).await;
                }
                Err(error) => wrong_of(error)?,
            }
        }
        Err(issues) => unread(&issues),
    };
    let shown = agent_page(&state, &caller, &csrf, Some(agent), fields).await?;
    Ok((status, page(&AgentPage { wrong, ..shown })?).into_response())
}

/// The form again, after somebody else changed the agent: with what they wrote, and with what this one wrote where that
/// differs from what stood in the form, beside theirs where both changed the same.
async fn changed_meanwhile(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    agent: AgentSummary,
    version: i64,
    sent: &Fields,
) -> Result<Response> {
    let versions = state.agents.agent_versions(caller, &agent.name).await?;
    let before = versions.iter().find(|known| known.version == version);
    let base = before.map(|known| written(&known.definition)).unwrap_or_default();
    let mut form = written(&agent.definition);
    let mut newer = Fields::default();
    for name in INPUTS {
        let text = |fields: &Fields| normal(fields.find(name).unwrap_or_default());
        let (before, theirs, mine) = (text(&base), text(&form), text(sent));
        if mine == before || mine == theirs {
            continue;
        }
        if theirs != before {
            newer.set(name, theirs);
        }
        form.set(name, mine);
    }
    let since = versions.iter().filter(|known| known.version > version);
    let mut changed: Vec<String> = since.flat_map(|known| known.changed.clone()).collect();
    changed.sort();
    changed.dedup();
    let by = agent.changed_by.to_string();
    let mut shown = agent_page(state, caller, csrf, Some(agent), form).await?;
    shown.newer = newer;
    shown.conflict = format!(
        "{by} changed this agent since you opened it: {}. What you wrote is below together with that; look at it and save again.",
        changed.join(", ").replace('_', " ")
    );
    Ok((StatusCode::CONFLICT, page(&shown)?).into_response())
}

/// Why the form comes back, where it is known only when it is saved.
fn wrong_of(error: Error) -> Result<(StatusCode, Wrong)> {
    let (status, problem) = refused(error)?;
    let whole = if problem.code == "role_beyond_caller" { "role" } else { "" };
    let input = |path: &str| if path.is_empty() { whole.to_owned() } else { input_of(path) };
    Ok((status, Wrong::of_problem(&problem, input)))
}

/// The same of what cannot even be read.
fn unread(issues: &[Issue]) -> (StatusCode, Wrong) {
    (StatusCode::UNPROCESSABLE_ENTITY, Wrong::of(issues, input_of))
}

/// The input of a path.
fn input_of(path: &str) -> String {
    let path = path.split('[').next().unwrap_or(path);
    match path {
        "format.schema" => "schema".to_owned(),
        other => other.trim_start_matches("settings.").trim_start_matches("limits.").to_owned(),
    }
}

/// A text as browsers and templates agree on it.
fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

async fn agent_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    agent: Option<AgentSummary>,
    form: Fields,
) -> Result<AgentPage> {
    let schema = state.crm.schema(caller.workspace).await?;
    let clock = Clock::of(&state.environment, caller);
    let title = agent.as_ref().map_or_else(|| "New agent".to_owned(), |agent| agent.definition.label.clone());
    let versions = match &agent {
        Some(agent) => state.agents.agent_versions(caller, &agent.name).await?,
        None => Vec::new(),
    };
    let view = |version: AgentVersion| VersionView {
        number: version.version,
        changed: match version.changed.as_slice() {
            [] => "made".to_owned(),
            changed => changed.join(", ").replace('_', " "),
        },
        prompt: version.prompt_version,
        by: version.made_by.to_string(),
        when: instant(version.made_at, clock),
    };
    let models = state.agents.models(caller).await?;
    let usual = ["smart", "fast", "default"].map(str::to_owned);
    Ok(AgentPage {
        assets: &assets::BASE,
        shell: Shell::new(state, caller, csrf, &schema, title, "settings/agents").await?,
        action: agent.as_ref().map_or_else(|| format!("{}/new", super::HREF), |agent| href(&agent.name)),
        agent: agent.map(|agent| AgentView {
            name: agent.name,
            version: agent.version,
            prompt_version: agent.prompt_version,
            active: agent.active,
            is_standard: agent.is_standard,
        }),
        form,
        copy_of: String::new(),
        roles: state.identity.role_names(caller).await?,
        models: usual.into_iter().chain(models.into_iter().map(|model| model.id)).collect(),
        versions: versions.into_iter().map(view).collect(),
        may_change: may_change(caller),
        may_write: may_write(caller),
        done: "",
        conflict: String::new(),
        newer: Fields::default(),
        wrong: Wrong::default(),
    })
}

/// What an agent is, as the form writes it.
fn written(definition: &Definition) -> Fields {
    let mut fields = Fields::default();
    let mut write = |name: &str, value: String| fields.set(name, value);
    write("label", definition.label.clone());
    write("icon", definition.icon.clone());
    write("description", definition.description.clone());
    write("model", definition.model.clone());
    let RequestSettings { temperature, max_output_tokens, reasoning_effort } = definition.settings;
    write("temperature", temperature.map(|it| it.to_string()).unwrap_or_default());
    write("max_output_tokens", max_output_tokens.map(|it| it.to_string()).unwrap_or_default());
    write("reasoning_effort", reasoning_effort.map(|it| it.word().to_owned()).unwrap_or_default());
    write("fallbacks", definition.fallbacks.as_ref().map(|models| models.join("\n")).unwrap_or_default());
    write("role", definition.role.clone());
    write("operations", definition.operations.iter().collect::<Vec<_>>().join("\n"));
    let (format, schema) = match &definition.format {
        ResponseFormat::Text => ("text", String::new()),
        ResponseFormat::Markdown => ("markdown", String::new()),
        ResponseFormat::Schema(schema) => ("schema", format!("{schema:#}")),
    };
    write("format", format.to_owned());
    write("schema", schema);
    let AgentLimits { steps, tool_calls, deadline_seconds } = definition.limits;
    write("steps", steps.map(|it| it.to_string()).unwrap_or_default());
    write("tool_calls", tool_calls.map(|it| it.to_string()).unwrap_or_default());
    write("deadline_seconds", deadline_seconds.map(|it| it.to_string()).unwrap_or_default());
    write("suggested_questions", definition.suggested_questions.join("\n"));
    write("evaluation_inputs", definition.evaluation_inputs.join("\n"));
    write("ask", definition.ask.join("\n"));
    write("hand_to", definition.hand_to.join("\n"));
    fields
}

/// What the form says, or what cannot be read of it.
fn patch_of(fields: &Fields) -> Result<AgentPatch, Vec<Issue>> {
    let mut issues = Vec::new();
    let text = |name: &str| Some(fields.get(name).to_owned());
    let lines = |name: &str| -> Vec<String> {
        fields.get(name).lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let mut whole = |name: &'static str| match fields.get(name) {
        "" => None,
        text => text
            .parse::<u32>()
            .map_err(|_| issues.push(Issue::new(name, "not_understood", "expected a whole number")))
            .ok(),
    };
    let (max_output_tokens, steps, tool_calls) =
        (whole("max_output_tokens"), whole("steps"), whole("tool_calls"));
    let deadline_seconds = whole("deadline_seconds").map(u64::from);
    let temperature = match fields.get("temperature") {
        "" => None,
        text => text
            .parse::<f64>()
            .map_err(|_| {
                issues.push(Issue::new("temperature", "not_understood", "expected a number such as 0.7"))
            })
            .ok(),
    };
    let effort = fields.get("reasoning_effort");
    let reasoning_effort = ReasoningEffort::ALL.into_iter().find(|known| known.word() == effort);
    let format = match fields.get("format") {
        "text" => ResponseFormat::Text,
        "schema" => match serde_json::from_str::<Json>(fields.get("schema")) {
            Ok(schema) => ResponseFormat::Schema(schema),
            Err(error) => {
                issues.push(Issue::new("schema", "malformed_json", format!("this is not JSON: {error}")));
                ResponseFormat::Markdown
            }
        },
        _ => ResponseFormat::Markdown,
    };
    if !issues.is_empty() {
        return Err(issues);
    }
    let fallbacks = Some(lines("fallbacks")).filter(|models| !models.is_empty());
    Ok(AgentPatch {
        version: None,
        label: text("label"),
        icon: text("icon"),
        description: text("description"),
        model: text("model"),
        settings: Some(RequestSettings { temperature, max_output_tokens, reasoning_effort }),
        fallbacks: Some(fallbacks),
        role: text("role"),
        operations: Some(lines("operations")),
        format: Some(format),
        limits: Some(AgentLimits { steps, tool_calls, deadline_seconds }),
        suggested_questions: Some(lines("suggested_questions")),
        evaluation_inputs: Some(lines("evaluation_inputs")),
        ask: Some(lines("ask")),
        hand_to: Some(lines("hand_to")),
        active: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said_at_its_input() {
        let fields = Fields::parse(b"temperature=warm&steps=1.5&format=schema&schema={");
        let issues = patch_of(&fields).unwrap_err();
        let paths: Vec<_> = issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(paths, ["steps", "temperature", "schema"]);
        for (path, input) in [
            ("settings.temperature", "temperature"),
            ("operations[2]", "operations"),
            ("format.schema", "schema"),
            ("limits.steps", "steps"),
        ] {
            assert_eq!(input_of(path), input);
        }
    }
}
