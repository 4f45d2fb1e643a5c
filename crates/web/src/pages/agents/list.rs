//! The list of agents, and what is done to one of them as a whole.

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::{Html, Redirect},
};
use kontor_agents::{AgentPatch, AgentSummary};
use kontor_core::grants::Permission;
use kontor_http::Services;
use serde_json::Map;

use super::{HREF, href, may_change, number};
use crate::{
    assets,
    error::{Result, page},
    form::Fields,
    session::{Sent, SignedIn},
    shell::Shell,
    show::{Clock, Shown, instant},
};

#[derive(Template)]
#[template(path = "agents.html")]
struct AgentsPage {
    assets: &'static str,
    shell: Shell,
    agents: Vec<AgentView>,
    deleted: Vec<AgentView>,
    may_change: bool,
    /// The labels that move only when a second person agrees, for those who may set them.
    protected: Option<String>,
    done: &'static str,
}

struct AgentView {
    id: String,
    name: String,
    label: String,
    description: String,
    role: String,
    model: String,
    active: bool,
    is_standard: bool,
    version: i64,
    changed: Shown,
    by: String,
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    let clock = Clock::of(&state.environment, &caller);
    let view = |agent: AgentSummary| AgentView {
        id: agent.id.to_string(),
        name: agent.name,
        label: agent.definition.label,
        description: agent.definition.description,
        role: agent.definition.role,
        model: agent.definition.model,
        active: agent.active,
        is_standard: agent.is_standard,
        version: agent.version,
        changed: instant(agent.deleted_at.unwrap_or(agent.changed_at), clock),
        by: agent.changed_by.to_string(),
    };
    let all = state.agents.agents_with_deleted(&caller).await?;
    let (deleted, agents): (Vec<_>, Vec<_>) = all.into_iter().partition(|agent| agent.deleted_at.is_some());
    let schema = state.crm.schema(caller.workspace).await?;
    page(&AgentsPage {
        assets: &assets::BASE,
        shell: Shell::new(&state, &caller, &csrf, &schema, "Agents", "settings/agents").await?,
        agents: agents.into_iter().map(view).collect(),
        deleted: deleted.into_iter().map(view).collect(),
        may_change: may_change(&caller),
        protected: if caller.grants.permits(Permission::Settings) {
            Some(state.identity.workspace_settings(&caller).await?.protected_labels.join(", "))
        } else {
            None
        },
        done: match query.get("done") {
            "deleted" => "Deleted. Its chats stay readable.",
            "restored" => "Restored.",
            "saved" => "Saved.",
            _ => "",
        },
    })
}

/// Which labels move only when a second person agrees.
pub(crate) async fn protect(State(state): State<Services>, sent: Sent) -> Result<Redirect> {
    let labels = sent.fields.get("labels").split([',', ' ']).filter(|label| !label.is_empty());
    let changes = Map::from_iter([("protected_labels".to_owned(), labels.collect::<Vec<_>>().into())]);
    state.identity.change_workspace_settings(&sent.caller, &changes).await?;
    Ok(Redirect::to(&format!("{HREF}?done=saved")))
}

pub(crate) async fn activate(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let active = Some(sent.fields.get("active") == "yes");
    let patch = AgentPatch { version: number(&sent.fields, "version"), active, ..AgentPatch::default() };
    state.agents.change_agent(&sent.caller, &name, patch).await?;
    Ok(Redirect::to(&format!("{}?done=saved", href(&name))))
}

pub(crate) async fn reset(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    state.agents.reset_agent(&sent.caller, &name, number(&sent.fields, "version")).await?;
    Ok(Redirect::to(&format!("{}?done=reset", href(&name))))
}

pub(crate) async fn delete(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    state.agents.delete_agent(&sent.caller, &name, number(&sent.fields, "version")).await?;
    Ok(Redirect::to(&format!("{HREF}?done=deleted")))
}

pub(crate) async fn restore(
    State(state): State<Services>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    state.agents.restore_agent(&sent.caller, &id).await?;
    Ok(Redirect::to(&format!("{HREF}?done=restored")))
}
