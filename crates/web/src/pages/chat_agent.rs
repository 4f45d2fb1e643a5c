//! The agent of a chat: named in its head with why it is that one, and changed there.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Redirect,
};
use kontor_agents::{Access, AgentSummary, Session, SessionPatch};
use kontor_core::ids::SessionId;
use kontor_http::Services;

use crate::{
    chat::{Room, rendered},
    error::Result,
    link::parsed,
    session::Sent,
};

#[derive(Template)]
#[template(path = "fragments/chat_agent.html")]
struct AgentOfChat<'a> {
    session: &'a Session,
    agent: &'a str,
    model: Option<String>,
    /// Why it is with this agent.
    reason: &'a str,
    is_own: bool,
    /// Those that may be chosen.
    offered: Vec<&'a AgentSummary>,
    /// Whether the present one is among them.
    has_current: bool,
    csrf: &'a str,
}

impl AgentOfChat<'_> {
    fn is_current(&self, agent: &AgentSummary) -> bool {
        self.session.agent.as_ref().is_some_and(|current| current.id == agent.id)
    }
}

/// The agent of a chat as its head names it, with those that its member may choose from where it is not of a tryout.
pub(super) fn head(
    session: &Session,
    agents: &[AgentSummary],
    model: Option<String>,
    room: &Room,
    csrf: &str,
) -> String {
    let offered: Vec<_> = agents.iter().filter(|agent| agent.active).collect();
    let current = session.agent.as_ref();
    rendered(&AgentOfChat {
        session,
        agent: current.map_or("Not chosen yet", |agent| &agent.label),
        model,
        reason: match (&session.routing, current) {
            (Some(routing), _) => &routing.reason,
            (None, Some(_)) => "The chat was begun with it.",
            (None, None) => "It is chosen when the first message is answered.",
        },
        is_own: session.access == Access::Owner && !room.is_tryout(),
        has_current: current.is_some_and(|agent| offered.iter().any(|offered| offered.id == agent.id)),
        offered,
        csrf,
    })
}

/// Has another agent answer from now on.
pub(crate) async fn change(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    let agent = Some(sent.fields.get("agent").to_owned()).filter(|agent| !agent.is_empty());
    state
        .agents
        .update_session(&sent.caller, session, SessionPatch { agent, ..SessionPatch::default() })
        .await?;
    Ok(Redirect::to(&format!("/chat/{session}")))
}
