//! What is sent from the chat: messages, stops and answers to approvals. A script asks for JSON and shows
//! what it is told; a plain form is led back to the page.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_agents::{Decision, NewSession, SessionPatch, SessionStatus, TurnStatus};
use kontor_core::{
    error::{ErrorKind, Problem},
    ids::{ApprovalId, SessionId, TurnId},
};
use serde_json::json;

use super::chat::context_of;
use crate::{
    chat::{Fragments, Transcript},
    error::{PageError, Result},
    session::Sent,
    shell::viewer,
    state::WebState,
};

/// The first message of a new chat.
pub(crate) async fn begin(State(state): State<WebState>, sent: Sent) -> Result<Redirect> {
    let Sent { caller, fields, .. } = sent;
    let schema = state.crm.schema(caller.workspace).await?;
    let message = fields.find("message").unwrap_or_default().replace("\r\n", "\n");
    if message.trim().is_empty() {
        return Ok(Redirect::to("/chat"));
    }
    let agent = match fields.get("agent") {
        "" => state.agents.agents(&caller).await?.into_iter().next().map(|agent| agent.name),
        name => Some(name.to_owned()),
    };
    let agent = agent.ok_or_else(|| {
        let message = "There is no agent in this workspace yet.";
        PageError::Problem(Problem::new(ErrorKind::NotFound, "no_agent", message))
    })?;
    let context = context_of(&schema, &caller, fields.get("about"));
    let session = state.agents.create_session(&caller, NewSession { agent, title: None, context }).await?;
    state.agents.start_turn(&caller, session.id, message, None).await?;
    Ok(Redirect::to(&format!("/chat/{}", session.id)))
}

/// One more message.
pub(crate) async fn start(
    State(state): State<WebState>,
    Path(session): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let session: SessionId = parsed(&session)?;
    let message = sent.fields.find("message").unwrap_or_default().replace("\r\n", "\n");
    let key = sent.fields.get("key");
    let key = (!key.is_empty()).then(|| key.to_owned());
    let started = state.agents.start_turn(&sent.caller, session, message.clone(), key).await?;
    if !wants_json(&headers) {
        return Ok(Redirect::to(&format!("/chat/{session}")).into_response());
    }
    let schema = state.crm.schema(sent.caller.workspace).await?;
    let fragments = Fragments::new(viewer(&state, &sent.caller, &schema), sent.csrf.token());
    let mut transcript = Transcript::default();
    if started.status == TurnStatus::Queued {
        transcript.queue(started.id, message);
    } else {
        transcript.run(started.id, message);
    }
    let Some(turn) = transcript.turn(started.id) else { return Err(PageError::Problem(Problem::internal())) };
    let answer = json!({
        "turn": started.id,
        "state": turn.state.word(),
        "html": fragments.turn(turn),
        "foot": fragments.foot(turn),
    });
    Ok(Json(answer).into_response())
}

/// Lets a chat that was paused take messages again.
pub(crate) async fn resume(
    State(state): State<WebState>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    let patch = SessionPatch { status: Some(SessionStatus::Active), ..SessionPatch::default() };
    state.agents.update_session(&sent.caller, session, patch).await?;
    Ok(Redirect::to(&format!("/chat/{session}")))
}

pub(crate) async fn cancel(
    State(state): State<WebState>,
    Path(turn): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let turn: TurnId = parsed(&turn)?;
    let cancelled = state.agents.cancel_turn(&sent.caller, turn).await?;
    Ok(done(&headers, cancelled.session))
}

pub(crate) async fn resolve(
    State(state): State<WebState>,
    Path(approval): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let approval: ApprovalId = parsed(&approval)?;
    let approved = match sent.fields.get("decision") {
        "approve" => true,
        "deny" => false,
        _ => {
            let message = "Say whether to approve or to deny.";
            return Err(PageError::Problem(Problem::new(ErrorKind::Invalid, "unknown_decision", message)));
        }
    };
    let decision = Decision { approved, comment: sent.fields.get("comment").to_owned() };
    let resolved = state.agents.resolve_approval(&sent.caller, approval, decision).await?;
    Ok(done(&headers, resolved.session))
}

fn done(headers: &HeaderMap, session: SessionId) -> Response {
    if wants_json(headers) {
        Json(json!({})).into_response()
    } else {
        Redirect::to(&format!("/chat/{session}")).into_response()
    }
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| PageError::not_found())
}
