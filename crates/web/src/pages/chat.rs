//! The chat: the sessions, a transcript and the composer; and the page on which a new chat begins.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    extract::{Path, Request, State},
    response::Html,
};
use kontor_agents::{Access, Session, SessionContext, SessionQuery, SessionStatus, TurnStatus};
use kontor_core::{
    caller::Caller,
    error::{Chain, Problem},
    grants::Action,
    ids::{RecordId, SessionId},
    metadata::{Object, Schema},
    time::Timestamp,
    turn::Sequence,
};

use kontor_http::Services;
use kontor_identity::Csrf;
use kontor_models::Models;
use serde_json::Value as Json;

use super::{answers::around, chat_agent, chat_menu, suggestions::suggestions, tryouts::TryoutAside};
use crate::{
    assets,
    chat::{Fragments, Room, Transcript, Turn},
    error::{Result, page},
    form::Fields,
    link::{parsed, with_query},
    session::SignedIn,
    shell::{Shell, viewer},
    show::{Clock, Shown, instant},
};

/// The sessions in the list at the side.
const LISTED_SESSIONS: u32 = 50;
/// Logged events read at a time.
const LOG_PAGE: u32 = 500;
/// The most calls whose records are looked up to name them.
const NAMED_RECORDS: usize = 50;
/// The turns a page shows; those before them are a page of their own.
const SHOWN_TURNS: u32 = 50;

#[derive(Template)]
#[template(path = "chat.html")]
struct ChatPage {
    assets: &'static str,
    shell: Shell,
    sessions: SessionList,
    session: Option<SessionView>,
    /// What stands beside the chat of a tryout.
    tryout: Option<TryoutAside>,
    agents: Vec<AgentItem>,
    /// Which of the agents is chosen; their number where the choice is left open.
    chosen: usize,
    suggestions: Vec<String>,
    /// A chat that was deleted a moment ago.
    deleted: Option<SessionId>,
    /// The record the chat is about, as link.
    context: Option<Shown>,
    /// The same for the form that begins the chat.
    about: Option<String>,
    action: String,
    /// What stands in the composer, and why it was not sent.
    draft: String,
    problem: Option<String>,
    /// Characters of a message.
    longest: usize,
}

/// A message that was not taken: the page of its chat comes back with it, and says why.
pub(crate) struct Unsent {
    pub message: String,
    pub problem: Problem,
    /// The agent that was chosen for a new chat.
    pub agent: String,
}

impl ChatPage {
    /// Why the chat takes no messages, where it does not.
    fn closed(&self) -> Option<&Closed> {
        self.session.as_ref()?.closed.as_ref()
    }
}

/// The list at the side: a page of the chats, the one used last first.
struct SessionList {
    items: Vec<SessionItem>,
    /// What is searched for, empty where nothing is.
    search: String,
    older: Option<String>,
    newest: Option<String>,
}

struct SessionItem {
    id: SessionId,
    title: String,
    when: Shown,
    /// Why it takes no messages, in a word.
    mark: Option<&'static str>,
    is_current: bool,
    is_pinned: bool,
}

struct SessionView {
    id: SessionId,
    /// The address of its page.
    page: String,
    /// What the addresses of turns begin with.
    acts: String,
    /// What can be done with it.
    menu: String,
    /// Its agent, and how it is changed.
    agent: String,
    last: Sequence,
    turns: String,
    /// The page of the turns before those shown.
    earlier: Option<String>,
    /// Shows turns from the middle of the chat, and so does not follow what happens.
    is_past: bool,
    closed: Option<Closed>,
}

/// Why a chat takes no messages.
struct Closed {
    mark: &'static str,
    reason: &'static str,
    can_resume: bool,
}

impl Closed {
    fn of(session: &Session, is_agent_there: bool, now: Timestamp) -> Option<Self> {
        let closed = |mark, reason, can_resume| Some(Self { mark, reason, can_resume });
        match session.status {
            SessionStatus::Completed => {
                closed("Completed", "This chat is completed and takes no more messages.", false)
            }
            _ if session.expires_at <= now => {
                closed("Expired", "This chat was not used for long and takes no more messages.", false)
            }
            SessionStatus::Paused => {
                closed("Paused", "This chat is paused. It takes no messages until it goes on.", true)
            }
            SessionStatus::Active if session.access == Access::Read => closed(
                "Read only",
                "This chat is shared with you to be read. Fork it to go on from it yourself.",
                false,
            ),
            SessionStatus::Active if !is_agent_there => closed(
                "Agent away",
                "The agent of this chat takes no more messages from you: it was deleted, is not active, or your role does not allow it. Choose another above, or begin a new chat.",
                false,
            ),
            SessionStatus::Active => None,
        }
    }
}

struct AgentItem {
    name: String,
    label: String,
    description: String,
    model: String,
}

/// The page of a new chat, about a record if `?about=deal:<id>` says so.
pub(crate) async fn begin(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    request: Request,
) -> Result<Html<String>> {
    let query = Fields::of_query(&request);
    begin_page(&state, &caller, &csrf, &query, None).await
}

/// The page of a new chat as a query asks for it, with a message that was not taken.
pub(crate) async fn begin_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    query: &Fields,
    unsent: Option<Unsent>,
) -> Result<Html<String>> {
    let schema = state.crm.schema(caller.workspace).await?;
    let about = context_of(&schema, caller, query.get("about"));
    let context = match &about {
        Some(about) => context_link(state, caller, &schema, about).await?,
        None => None,
    };
    let models = state.agents.models_of_caller(caller).await?;
    let offered: Vec<_> =
        state.agents.agents(caller).await?.into_iter().filter(|agent| agent.active).collect();
    let chosen = match &unsent {
        Some(Unsent { agent, .. }) if agent.is_empty() => offered.len(),
        Some(Unsent { agent, .. }) => offered.iter().position(|it| it.name == *agent).unwrap_or_default(),
        None => 0,
    };
    // What the agent itself proposes is more to the point.
    let suggestions = match offered.get(chosen).map(|agent| &agent.definition.suggested_questions) {
        Some(questions) if !questions.is_empty() && about.is_none() => questions.clone(),
        _ => suggestions(&schema, caller, about.as_ref()),
    };
    let agents: Vec<_> = offered
        .into_iter()
        .map(|agent| AgentItem {
            model: model_label(&models, &agent.definition.model),
            name: agent.name,
            label: agent.definition.label,
            description: agent.definition.description,
        })
        .collect();
    let shell = Shell::new(state, caller, csrf, &schema, "New chat", "chat").await?;
    page(&ChatPage {
        assets: &assets::BASE,
        shell,
        sessions: sessions(state, caller, None, query).await?,
        session: None,
        tryout: None,
        agents,
        chosen,
        suggestions,
        deleted: query.get("deleted").parse().ok(),
        context,
        about: about.map(|about| format!("{}:{}", about.object, about.id)),
        action: "/chat".to_owned(),
        draft: unsent.as_ref().map_or_else(|| query.get("message").to_owned(), |it| it.message.clone()),
        problem: unsent.map(|unsent| unsent.problem.message),
        longest: state.agents.limits().message_characters,
    })
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path(session): Path<String>,
    request: Request,
) -> Result<Html<String>> {
    let id: SessionId = parsed(&session)?;
    let query = Fields::of_query(&request);
    show_page(&state, &caller, &csrf, id, &query, None).await
}

/// The page of a chat as a query asks for it, with a message that was not taken.
pub(crate) async fn show_page(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    id: SessionId,
    query: &Fields,
    unsent: Option<Unsent>,
) -> Result<Html<String>> {
    show_in(state, caller, csrf, id, query, unsent, None).await
}

/// The same of a chat that is in the copy of a workspace, with what stands beside it there.
pub(crate) async fn show_in(
    state: &Services,
    caller: &Caller,
    csrf: &Csrf,
    id: SessionId,
    query: &Fields,
    unsent: Option<Unsent>,
    tryout: Option<(TryoutAside, Shell)>,
) -> Result<Html<String>> {
    let room = tryout.as_ref().map_or(Room::Workspace, |(aside, _)| aside.room.clone());
    let here = room.page_of(id);
    let session = state.agents.session(caller, id).await?;
    let schema = state.crm.schema(caller.workspace).await?;
    let fragments = Fragments::new(viewer(state, caller, &schema), csrf.token());
    let mut fragments = fragments.with(around(state, caller, &session).await?).at(&room);

    let before: Option<Sequence> = query.get("before").parse().ok();
    let mut starts = state.agents.turn_starts(caller, id, before, SHOWN_TURNS + 1).await?;
    let has_earlier = starts.len() > SHOWN_TURNS as usize;
    if has_earlier {
        starts.remove(0);
    }
    let from = starts.first().copied().unwrap_or(1);
    let until = before.map_or(Sequence::MAX, |before| before.saturating_sub(1));
    let (mut transcript, last) = transcript(state, caller, id, from, until).await?;
    for turn in session.queue.iter().filter(|_| before.is_none()) {
        if turn.status == TurnStatus::Queued || turn.status == TurnStatus::Running {
            transcript.queue(turn.id, turn.message.clone(), Some(turn.member));
        }
    }
    transcript.render();
    // The log may be further on than the session was when it was read.
    let arrived = transcript.turns().iter().rev().find_map(Turn::arrival).map(|arrival| arrival.id);
    let is_behind = arrived.is_some() && session.agent.as_ref().map(|agent| agent.id) != arrived;
    let session = if is_behind { state.agents.session(caller, id).await? } else { session };
    if let Some(agent) = &session.agent {
        fragments.goes_to(&agent.label);
    }
    learn_names(state, caller, &fragments, &transcript).await;
    let turns = transcript.turns().iter().map(|turn| fragments.turn(turn)).collect();

    let context = match &session.context {
        Some(about) => context_link(state, caller, &schema, about).await?,
        None => None,
    };
    let agents = state.agents.agents(caller).await?;
    let agent = agents.iter().find(|agent| Some(agent.id) == session.agent.as_ref().map(|agent| agent.id));
    let is_there = match &session.agent {
        Some(_) => agent.is_some_and(|agent| agent.active),
        None => agents.iter().any(|agent| agent.active),
    };
    let models = state.agents.models_of_caller(caller).await?;
    let model = agent.map(|agent| model_label(&models, &agent.definition.model));
    let view = SessionView {
        id,
        page: here.clone(),
        acts: room.acts().to_owned(),
        menu: if room.is_tryout() { String::new() } else { chat_menu::menu(&session, csrf.token()) },
        agent: chat_agent::head(&session, &agents, model, &room, csrf.token()),
        last,
        turns,
        earlier: has_earlier.then(|| with_query(&here, [("before", from.to_string().as_str())])),
        is_past: before.is_some(),
        closed: Closed::of(&session, is_there, state.environment.now()),
    };
    let sessions = sessions(state, caller, Some(id), query).await?;
    let (tryout, shell) = match tryout {
        Some((aside, shell)) => (Some(aside), shell),
        None => (None, Shell::new(state, caller, csrf, &schema, title(&session), "chat").await?),
    };
    page(&ChatPage {
        assets: &assets::BASE,
        shell,
        sessions,
        session: Some(view),
        tryout,
        agents: Vec::new(),
        chosen: 0,
        suggestions: Vec::new(),
        deleted: None,
        context,
        about: None,
        action: format!("{here}/turns"),
        draft: unsent.as_ref().map(|unsent| unsent.message.clone()).unwrap_or_default(),
        problem: unsent.map(|unsent| unsent.problem.message),
        longest: state.agents.limits().message_characters,
    })
}

/// A session's transcript folded from its log from one event, with which a turn begins, up to another, and the
/// last event that is in it.
pub(crate) async fn transcript(
    state: &Services,
    caller: &Caller,
    session: SessionId,
    from: Sequence,
    up_to: Sequence,
) -> Result<(Transcript, Sequence)> {
    let (mut transcript, mut last) = (Transcript::default(), from.saturating_sub(1));
    loop {
        let events = state.agents.log(caller, session, last, LOG_PAGE).await?;
        for logged in &events {
            if logged.seq > up_to {
                return Ok((transcript, last));
            }
            transcript.set_now(logged.at);
            transcript.apply(&logged.event);
            last = logged.seq;
        }
        if events.len() < LOG_PAGE as usize {
            return Ok((transcript, last));
        }
    }
}

/// Finds out how the records are named that the calls of a transcript are about, those of the latest calls first.
pub(crate) async fn learn_names(
    state: &Services,
    caller: &Caller,
    fragments: &Fragments,
    transcript: &Transcript,
) {
    let unnamed = transcript.latest_calls().filter_map(|call| fragments.unnamed_in(call));
    let records: BTreeSet<_> = unnamed.take(NAMED_RECORDS).collect();
    for (object, id) in records {
        learn(state, caller, fragments, (object, id)).await;
    }
}

/// Finds out how the record is named that a call is about. Where it cannot be read, the call names none.
pub(crate) async fn learn_name(
    state: &Services,
    caller: &Caller,
    fragments: &Fragments,
    operation: &str,
    arguments: &Json,
) {
    if let Some(record) = fragments.unnamed(operation, arguments) {
        learn(state, caller, fragments, record).await;
    }
}

async fn learn(state: &Services, caller: &Caller, fragments: &Fragments, record: (String, RecordId)) {
    match state.crm.get(caller, &record.0, record.1, None, Vec::new()).await {
        Ok(found) => fragments.name(record, found.label),
        Err(error) => {
            tracing::debug!(error = %Chain(&error), "a record has no name to show")
        }
    }
}

/// `deal:<id>` as context, where there is such an object for the caller.
pub(crate) fn context_of(schema: &Schema, caller: &Caller, about: &str) -> Option<SessionContext> {
    let (object, id) = about.split_once(':')?;
    let id: RecordId = id.parse().ok()?;
    readable(schema, caller, object)?;
    Some(SessionContext { object: object.to_owned(), id })
}

/// How a model is named to a person: what is no language model says so.
fn model_label(models: &Models, name: &str) -> String {
    match models.id_of(name) {
        id if id == "builtin" => "Built-in commands, no language model".to_owned(),
        other => other,
    }
}

/// A page of the chats at the side, from the cursor `after` on.
async fn sessions(
    state: &Services,
    caller: &Caller,
    current: Option<SessionId>,
    query: &Fields,
) -> Result<SessionList> {
    let clock = Clock::of(&state.environment, caller);
    let now = clock.now;
    let (after, search) = (query.get("chats"), query.get("find").trim());
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let wanted =
        SessionQuery { search: given(search), after: given(after), ..SessionQuery::first(LISTED_SESSIONS) };
    // A place in the list that is none begins it anew.
    let first = SessionQuery { after: None, ..wanted.clone() };
    let found = match state.agents.sessions(caller, wanted).await {
        Err(kontor_agents::Error::Invalid(_)) => state.agents.sessions(caller, first).await?,
        found => found?,
    };
    let items = found.sessions.into_iter().map(|session| SessionItem {
        id: session.id,
        when: instant(session.updated_at, clock),
        mark: Closed::of(&session, true, now).map(|closed| closed.mark),
        is_current: Some(session.id) == current,
        is_pinned: session.pinned,
        title: title(&session),
    });
    // The chat that is open stays open.
    let here = current.map_or_else(|| "/chat".to_owned(), |id| format!("/chat/{id}"));
    Ok(SessionList {
        items: items.collect(),
        older: found.next.map(|next| with_query(&here, [("find", search), ("chats", next.as_str())])),
        newest: given(after).map(|_| with_query(&here, [("find", search)])),
        search: search.to_owned(),
    })
}

pub(super) fn title(session: &Session) -> String {
    session.title.clone().unwrap_or_else(|| "New chat".to_owned())
}

/// The object of this name. One that the caller may not read is as unknown as one that is not there.
fn readable<'s>(schema: &'s Schema, caller: &Caller, name: &str) -> Option<&'s Arc<Object>> {
    schema.object(name).filter(|object| caller.grants.allows(&object.name, Action::Read))
}

/// The record a chat is about, as link; `None` when the caller may not know of its object.
async fn context_link(
    state: &Services,
    caller: &Caller,
    schema: &Arc<Schema>,
    about: &SessionContext,
) -> Result<Option<Shown>> {
    let Some(object) = readable(schema, caller, &about.object) else { return Ok(None) };
    let label = match state.crm.get(caller, &object.name, about.id, None, Vec::new()).await {
        Ok(record) => record.label,
        // The record may be gone since; the chat about it is still there.
        Err(kontor_crm::Error::NotFound { .. } | kontor_crm::Error::NotAllowed { .. }) => {
            return Ok(Some(Shown::Text(format!("a {} that is gone", object.label.to_lowercase()))));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Shown::Link { href: format!("/records/{}/{}", object.plural, about.id), label }))
}
