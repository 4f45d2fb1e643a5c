//! What is sent from the chat: messages, stops and answers to approvals. A script asks for JSON and shows
//! what it is told; a plain form is led back to the page.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use kontor_agents::{
    AnsweredApproval, ApprovalStatus, Decision, Error, NewSession, SessionPatch, SessionStatus, TurnStatus,
};
use kontor_core::{
    caller::Caller,
    error::{ErrorKind, Problem},
    ids::{ApprovalId, SessionId, TurnId},
};
use kontor_http::Services;
use serde_json::json;

use super::answers::around;
use super::chat::{Unsent, begin_page, context_of, show_page};
use crate::{
    chat::{Fragments, Room, Transcript},
    error::{PageError, Result, refused},
    form::Fields,
    link::parsed,
    session::{OTHER_SESSION, Sent, Written},
    shell::viewer,
};

/// The first message of a new chat.
pub(crate) async fn begin(
    State(state): State<Services>,
    headers: HeaderMap,
    Written { sent, is_ours }: Written,
) -> Result<Response> {
    let Sent { caller, csrf, fields } = sent;
    let message = message(&fields);
    if message.trim().is_empty() {
        return Ok(Redirect::to("/chat").into_response());
    }
    let begun =
        if is_ours { begun(&state, &caller, &fields, message.clone()).await } else { Err(other_session()) };
    match begun {
        Ok(session) if wants_json(&headers) => {
            Ok(Json(json!({ "location": format!("/chat/{session}") })).into_response())
        }
        Ok(session) => Ok(Redirect::to(&format!("/chat/{session}")).into_response()),
        Err(error) => {
            let (status, problem) = unsent(error, &headers)?;
            let unsent = Unsent { message, problem, agent: fields.get("agent").to_owned() };
            let page = begin_page(&state, &caller, &csrf, &fields, Some(unsent)).await?;
            Ok((status, page).into_response())
        }
    }
}

async fn begun(state: &Services, caller: &Caller, fields: &Fields, message: String) -> Result<SessionId> {
    let schema = state.crm.schema(caller.workspace).await?;
    let agent = Some(fields.get("agent").to_owned()).filter(|agent| !agent.is_empty());
    let context = context_of(&schema, caller, fields.get("about"));
    let session = state.agents.create_session(caller, NewSession { agent, title: None, context }).await?;
    state.agents.start_turn(caller, session.id, message, None).await?;
    Ok(session.id)
}

/// A message as it was written; browsers send its line breaks as CR LF.
pub(super) fn message(fields: &Fields) -> String {
    fields.find("message").unwrap_or_default().replace("\r\n", "\n")
}

/// Why a message was not taken, where a page is to say so beside the message. A script keeps the message itself.
fn unsent(error: PageError, headers: &HeaderMap) -> Result<(StatusCode, Problem)> {
    if wants_json(headers) { Err(error) } else { refused(error) }
}

fn other_session() -> PageError {
    PageError::Problem(Problem::new(ErrorKind::Forbidden, "csrf", OTHER_SESSION))
}

/// One more message.
pub(crate) async fn start(
    State(state): State<Services>,
    Path(session): Path<String>,
    headers: HeaderMap,
    written: Written,
) -> Result<Response> {
    let session: SessionId = parsed(&session)?;
    let (caller, csrf) = (written.sent.caller.clone(), written.sent.csrf.clone());
    match send(&state, session, &headers, written, &Room::Workspace).await? {
        Ok(answer) => Ok(answer),
        Err((status, unsent)) => {
            let query = Fields::default();
            let page = show_page(&state, &caller, &csrf, session, &query, Some(unsent)).await?;
            Ok((status, page).into_response())
        }
    }
}

/// Sends one more message in a room; one that was not taken is to be shown again, with why.
pub(crate) async fn send(
    state: &Services,
    session: SessionId,
    headers: &HeaderMap,
    Written { sent, is_ours }: Written,
    room: &Room,
) -> Result<Result<Response, (StatusCode, Unsent)>> {
    let message = message(&sent.fields);
    let key = sent.fields.get("key");
    let key = (!key.is_empty()).then(|| key.to_owned());
    let started = if is_ours {
        let started = state.agents.start_turn(&sent.caller, session, message.clone(), key).await;
        started.map_err(PageError::from)
    } else {
        Err(other_session())
    };
    let started = match started {
        Ok(started) => started,
        Err(error) => {
            let (status, problem) = unsent(error, headers)?;
            return Ok(Err((status, Unsent { message, problem, agent: String::new() })));
        }
    };
    if !wants_json(headers) {
        return Ok(Ok(Redirect::to(&room.page_of(session)).into_response()));
    }
    let schema = state.crm.schema(sent.caller.workspace).await?;
    let around = around(state, &sent.caller, &state.agents.session(&sent.caller, session).await?).await?;
    let fragments =
        Fragments::new(viewer(state, &sent.caller, &schema), sent.csrf.token()).with(around).at(room);
    let mut transcript = Transcript::default();
    if started.status == TurnStatus::Queued {
        transcript.queue(started.id, message, sent.caller.member());
    } else {
        transcript.run(started.id, message, sent.caller.member());
    }
    let Some(turn) = transcript.turn(started.id) else { return Err(PageError::Problem(Problem::internal())) };
    let answer = json!({
        "turn": started.id,
        "state": turn.state.word(),
        "html": fragments.turn(turn),
        "foot": fragments.foot(turn),
    });
    Ok(Ok(Json(answer).into_response()))
}

/// Lets a chat that was paused take messages again.
pub(crate) async fn resume(
    State(state): State<Services>,
    Path(session): Path<String>,
    sent: Sent,
) -> Result<Redirect> {
    let session: SessionId = parsed(&session)?;
    let patch = SessionPatch { status: Some(SessionStatus::Active), ..SessionPatch::default() };
    state.agents.update_session(&sent.caller, session, patch).await?;
    Ok(Redirect::to(&format!("/chat/{session}")))
}

pub(crate) async fn cancel(
    State(state): State<Services>,
    Path(turn): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let turn: TurnId = parsed(&turn)?;
    let cancelled = state.agents.cancel_turn(&sent.caller, turn).await?;
    Ok(done(&headers, cancelled.session))
}

/// Has the agent go on where a turn ended early.
pub(crate) async fn go_on(
    State(state): State<Services>,
    Path(turn): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    let turn: TurnId = parsed(&turn)?;
    let session = state.agents.turn(&sent.caller, turn).await?.session;
    state.agents.go_on(&sent.caller, turn).await?;
    Ok(done(&headers, session))
}

pub(crate) async fn resolve(
    State(state): State<Services>,
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
    match state.agents.answer_approval(&sent.caller, approval, decision).await {
        // From the page of all approvals one goes back to it.
        Ok(_) if sent.fields.get("back") == "approvals" => {
            let said = if approved { "approved" } else { "denied" };
            Ok(Redirect::to(&format!("/approvals?done={said}")).into_response())
        }
        Ok(AnsweredApproval::OfTurn(resolved)) => Ok(done(&headers, resolved.session)),
        Ok(AnsweredApproval::OfClient(_)) => Ok(Redirect::to("/approvals").into_response()),
        Err(Error::ApprovalClosed) => Err(closed(&state, &sent.caller, approval).await?),
        Err(error) => Err(error.into()),
    }
}

/// What became of an approval that takes no answer any more.
async fn closed(state: &Services, caller: &Caller, id: ApprovalId) -> Result<PageError> {
    let approval = match state.agents.approval(caller, id).await {
        Ok(approval) => approval,
        Err(Error::ApprovalNotFound(_)) => return Ok(Error::ApprovalClosed.into()),
        Err(error) => return Err(error.into()),
    };
    let message = match approval.status {
        ApprovalStatus::Approved => "You approved this already.",
        ApprovalStatus::Denied => "You denied this already.",
        ApprovalStatus::Pending | ApprovalStatus::Expired => {
            match state.agents.turn(caller, approval.turn).await?.status {
                TurnStatus::Cancelled => "This did not run: the reply was stopped before you answered.",
                TurnStatus::Failed => "This did not run: the reply failed before you answered.",
                _ => "This did not run: it waited too long for an answer. Ask for it again.",
            }
        }
    };
    Ok(PageError::Problem(Problem::new(ErrorKind::Conflict, "approval_closed", message)))
}

pub(super) fn done(headers: &HeaderMap, session: SessionId) -> Response {
    if wants_json(headers) {
        Json(json!({})).into_response()
    } else {
        Redirect::to(&format!("/chat/{session}")).into_response()
    }
}

pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"application/json"))
}
