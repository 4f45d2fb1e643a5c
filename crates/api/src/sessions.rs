//! Sessions: conversations of the caller with an agent.

use aide::axum::{ApiRouter, routing::get_with};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_agents::{NewSession, Session, SessionPatch};
use kontor_core::ids::SessionId;
use kontor_http::Services;

use crate::{
    extract::{Json, NoParameters, Parameter, Parameters, Segments, SignedIn},
    openapi::Describe as _,
    page::{self, Page},
    problem::Result,
};

const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 100;

const KNOWN: [Parameter; 2] = [Parameter::limit(MAX_LIMIT), Parameter::after()];

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is("list_sessions", "The caller's sessions, the one used last first").tag("Chat").queries(&KNOWN)
    })
    .post_with(create, |op| {
        op.is("create_session", "Begins a conversation with an agent")
            .tag("Chat")
            .answers::<201, Answer<Session>>()
    });
    let single =
        get_with(one, |op| op.is("get_session", "A session, with its turns that have not ended").tag("Chat"))
            .patch_with(update, |op| {
                op.is("update_session", "Renames, pauses or completes a session").tag("Chat")
            });
    ApiRouter::new().api_route("/sessions", all).api_route("/sessions/{id}", single)
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Answer<Page<Session>>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let found = state.agents.sessions(&caller, limit, parameters.text("after")).await?;
    Ok(page::page(found.sessions, found.next, None))
}

async fn create(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Json(new): Json<NewSession>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Answer<Session>)> {
    let session = state.agents.create_session(&caller, new).await?;
    let location = format!("/api/sessions/{}", session.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Answer(session)))
}

async fn one(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<SessionId>,
) -> Result<Answer<Session>> {
    Ok(Answer(state.agents.session(&caller, id).await?))
}

async fn update(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<SessionId>,
    Json(patch): Json<SessionPatch>,
) -> Result<Answer<Session>> {
    Ok(Answer(state.agents.update_session(&caller, id, patch).await?))
}
