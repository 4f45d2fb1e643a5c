//! Sessions: conversations of the caller with an agent.

use axum::{
    Json as Answer, Router,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use kontor_agents::{NewSession, Session, SessionPatch};
use kontor_core::ids::SessionId;

use crate::{
    extract::{Json, NoParameters, Parameters, Segments, SignedIn},
    page,
    problem::Result,
};
use kontor_http::Services;

const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 100;

pub(crate) fn routes() -> Router<Services> {
    Router::new().route("/sessions", get(list).post(create)).route("/sessions/{id}", get(one).patch(update))
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Response> {
    let parameters = parameters.knowing(&["limit", "after"])?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let found = state.agents.sessions(&caller, limit, parameters.text("after")).await?;
    Ok(page::page(&found.sessions, found.next, None))
}

async fn create(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Json(new): Json<NewSession>,
) -> Result<Response> {
    let session = state.agents.create_session(&caller, new).await?;
    let location = format!("/api/sessions/{}", session.id);
    let mut response = (StatusCode::CREATED, Answer(session)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
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
