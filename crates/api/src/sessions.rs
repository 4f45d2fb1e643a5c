//! Sessions: conversations of the caller with an agent.

use aide::axum::{
    ApiRouter,
    routing::{get_with, post_with},
};
use axum::{
    Json as Answer,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use kontor_agents::{NewFork, NewSession, Session, SessionPatch, SessionQuery, SessionStatus};
use kontor_core::ids::SessionId;
use kontor_http::Services;

use crate::{
    extract::{Chatting, Holds, Json, NoParameters, Parameter, Parameters, Segments, SignedIn},
    openapi::Describe as _,
    page::{self, Page},
    problem::{ApiError, Result},
};

const DEFAULT_LIMIT: u32 = 30;
const MAX_LIMIT: u32 = 100;
const FLAG: &str = "true or false";

const KNOWN: [Parameter; 8] = [
    Parameter::new(
        "search",
        Holds::Text,
        "Words that begin words of the title or of what was said, all of them.",
    ),
    Parameter::new("agent", Holds::Text, "Only those with the agent of this name."),
    Parameter::new("status", Holds::Word(&["active", "paused", "completed"]), "Only those of this status."),
    Parameter::new("pinned", Holds::Flag, "Only those that are pinned, or that are not."),
    Parameter::new(
        "shared",
        Holds::Flag,
        "Only those that others share with the caller, or the caller's own.",
    ),
    Parameter::new("deleted", Holds::Flag, "The deleted ones instead, which can be taken back."),
    Parameter::limit(MAX_LIMIT),
    Parameter::after(),
];
const FOR_DELETE: [Parameter; 1] = [Parameter::new(
    "at_once",
    Holds::Flag,
    "Whether it is removed for good now, with all that was said in it, and cannot be taken back.",
)];

pub(crate) fn routes() -> ApiRouter<Services> {
    let all = get_with(list, |op| {
        op.is(
            "list_sessions",
            "The caller's sessions and those shared with them: the pinned ones first, then the one used last",
        )
        .tag("Chat")
        .queries(&KNOWN)
    })
    .post_with(create, |op| {
        op.is(
            "create_session",
            "Begins a conversation with an agent, or with one that is chosen by the first message",
        )
        .tag("Chat")
        .answers::<201, Answer<Session>>()
    });
    let single =
        get_with(one, |op| op.is("get_session", "A session, with its turns that have not ended").tag("Chat"))
            .patch_with(update, |op| {
                op.is(
                    "update_session",
                    "Renames, pins, pauses or completes a session, or gives it to another agent",
                )
                .tag("Chat")
            })
            .delete_with(delete, |op| {
                op.is("delete_session", "Stops a session and deletes it; it can be taken back for some days")
                    .tag("Chat")
                    .queries(&FOR_DELETE)
                    .answers::<204, ()>()
            });
    let restore = post_with(restore, |op| {
        op.is("restore_session", "Takes back a session that was deleted").tag("Chat")
    });
    let fork = post_with(fork, |op| {
        op.is("fork_session", "Begins a session with the conversation of another up to a message")
            .tag("Chat")
            .answers::<201, Answer<Session>>()
    });
    ApiRouter::new()
        .api_route("/sessions", all)
        .api_route("/sessions/{id}", single)
        .api_route("/sessions/{id}/restore", restore)
        .api_route("/sessions/{id}/fork", fork)
}

async fn list(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
) -> Result<Answer<Page<Session>>> {
    let parameters = parameters.knowing(&KNOWN)?;
    let limit = parameters.number("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let status = match parameters.text("status") {
        None => None,
        Some(word) => Some(SessionStatus::from_word(word).ok_or_else(|| {
            let expected = "active, paused or completed is expected here.";
            ApiError::issue("status", "invalid_value", expected)
        })?),
    };
    let query = SessionQuery {
        search: parameters.owned("search"),
        agent: parameters.owned("agent"),
        status,
        pinned: parameters.parsed("pinned", FLAG)?,
        shared: parameters.parsed("shared", FLAG)?,
        deleted: parameters.flag("deleted")?,
        limit,
        after: parameters.owned("after"),
    };
    let found = state.agents.sessions(&caller, query).await?;
    Ok(page::page(found.sessions, found.next, None))
}

async fn delete(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    parameters: Parameters,
    Segments(id): Segments<SessionId>,
) -> Result<StatusCode> {
    let at_once = parameters.knowing(&FOR_DELETE)?.flag("at_once")?;
    state.agents.delete_session(&caller, id, at_once).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<SessionId>,
) -> Result<Answer<Session>> {
    Ok(Answer(state.agents.restore_session(&caller, id).await?))
}

async fn fork(
    State(state): State<Services>,
    SignedIn(caller): SignedIn,
    _: NoParameters,
    Segments(id): Segments<SessionId>,
    Json(new): Json<NewFork>,
) -> Result<Created> {
    Ok(created(state.agents.fork_session(&caller, id, new).await?))
}

async fn create(
    State(state): State<Services>,
    Chatting(caller): Chatting,
    _: NoParameters,
    Json(new): Json<NewSession>,
) -> Result<Created> {
    Ok(created(state.agents.create_session(&caller, new).await?))
}

type Created = (StatusCode, [(HeaderName, String); 1], Answer<Session>);

fn created(session: Session) -> Created {
    let location = format!("/api/sessions/{}", session.id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Answer(session))
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
