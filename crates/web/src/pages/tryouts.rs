//! A prompt tried: the chat on it in a copy of the workspace, with what it would have changed beside it. What the chat
//! is made of is answered as in any, by the services of the copy.

use axum::{
    extract::{Path, Request, State},
    http::HeaderMap,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use futures::{FutureExt as _, future};
use kontor_agents::NewTryout;
use kontor_core::{caller::Caller, grants::Action, reading::readable};
use kontor_evals::tryouts::{Tryout, TryoutChange};
use kontor_http::{Admission, OpenTryout, Services};
use kontor_identity::Csrf;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    agents::{
        drafts::{Unsaved, keep_tried},
        href,
        prompt::{not_taken, told_of, written_tryout},
    },
    answers,
    chat::{Unsent, show_in},
    events, turns,
};
use crate::{
    chat::Room,
    error::{PageError, Result, refused},
    form::Fields,
    link::parsed,
    session::{Sent, SignedIn, Written},
    shell::{Shell, viewer},
    show::{ChangeView, Clock, Shown, changes, instant},
};

/// What stands beside the chat of a tryout.
pub(crate) struct TryoutAside {
    /// Where its chat is.
    pub(crate) room: Room,
    /// The address of its page.
    pub(crate) page: String,
    /// That of the prompt's editor as it was left.
    pub(crate) editor: String,
    /// What stood there beside the prompt.
    pub(crate) unsaved: Unsaved,
    pub(crate) agent: String,
    /// For whom the agent acts, where that is not the reader.
    pub(crate) member: Option<String>,
    /// How much was copied, in words.
    pub(crate) copied: String,
    pub(crate) expires: Shown,
    pub(crate) changes: Vec<TriedChange>,
}

pub(crate) struct TriedChange {
    pub(crate) words: &'static str,
    pub(crate) label: String,
    pub(crate) object: String,
    pub(crate) fields: Vec<ChangeView>,
}

/// A tryout of the reader's, and where its page is.
struct Found {
    open: OpenTryout,
    page: String,
}

impl Found {
    async fn new(state: &Services, caller: &Caller, name: &str, tryout: &str) -> Result<Self> {
        let open = state.tryout(caller, name, parsed(tryout)?).await?;
        Ok(Self { page: page_of(name, &open.tryout), open })
    }

    fn room(&self) -> Room {
        Room::Tryout { page: self.page.clone(), begun: self.open.tryout.summary().created_at }
    }

    /// A form as it was sent, from who acts in the copy.
    fn sent(&self, sent: Sent) -> Sent {
        Sent { caller: self.open.caller.clone(), ..sent }
    }

    /// An answer of the chat, which leads back to where the chat is.
    fn stay(&self, answer: Response) -> Response {
        if answer.status().is_redirection() { Redirect::to(&self.page).into_response() } else { answer }
    }

    async fn page(
        &self,
        state: &Services,
        caller: &Caller,
        csrf: &Csrf,
        query: &Fields,
        unsent: Option<Unsent>,
    ) -> Result<Response> {
        let schema = state.crm.schema(caller.workspace).await?;
        let OpenTryout { tryout, services, caller: acting } = &self.open;
        let title = format!("Tryout of {}", tryout.agent().label);
        let shell = Shell::new(state, caller, csrf, &schema, title, "settings/agents").await?;
        let around = Some((self.aside(caller, query).await?, shell));
        let Html(page) = show_in(services, acting, csrf, tryout.session(), query, unsent, around).await?;
        Ok(Html(self.room().shown(&page).into_owned()).into_response())
    }

    async fn aside(&self, caller: &Caller, query: &Fields) -> Result<TryoutAside> {
        let OpenTryout { tryout, services, caller: acting } = &self.open;
        let summary = tryout.summary();
        let clock = Clock::of(&services.environment, caller);
        let unsaved = Unsaved::of(query);
        let records = readable(&summary.copied.records.to_string());
        let copied = match summary.copied.is_whole {
            true => format!("It has all {records} records."),
            false => format!("It has {records} of the records, the newest."),
        };
        let is_other = Some(tryout.member()) != caller.member();
        let member = services.identity.me(acting).await?.member.name;
        Ok(TryoutAside {
            room: self.room(),
            page: self.page.clone(),
            editor: unsaved.after(&format!("{}/prompt", href(&tryout.agent().name)), ""),
            unsaved,
            agent: tryout.agent().label.clone(),
            member: is_other.then_some(member),
            copied,
            expires: instant(summary.expires_at, clock),
            changes: self.changes().await?,
        })
    }

    async fn changes(&self) -> Result<Vec<TriedChange>> {
        let OpenTryout { tryout, services, caller: acting } = &self.open;
        let schema = services.crm.schema(acting.workspace).await?;
        let viewer = viewer(services, acting, &schema);
        let changed = tryout.changes().await?;
        let views = changed.into_iter().filter_map(|change| {
            let TryoutChange { object, label, action, changes: fields, .. } = change;
            let object = viewer.schema.object(&object)?;
            let fields = match serde_json::to_value(fields) {
                Ok(Json::Object(fields)) => changes(&viewer, object, &fields),
                _ => Vec::new(),
            };
            Some(TriedChange { words: words(&action), label, object: object.label.clone(), fields })
        });
        Ok(views.collect())
    }
}

fn words(action: &str) -> &'static str {
    match action {
        action if action == Action::Create.verb() => "Created",
        action if action == Action::Delete.verb() => "Deleted",
        action if action == Action::Restore.verb() => "Restored",
        action if action == Action::Destroy.verb() => "Removed for good",
        _ => "Changed",
    }
}

fn page_of(name: &str, tryout: &Tryout) -> String {
    format!("{}/tryouts/{}", href(name), tryout.id())
}

/// Where a tryout is over, the prompt that was tried, with that it is.
async fn over(state: &Services, who: (&Caller, &Csrf), name: &str, error: PageError) -> Result<Response> {
    match error {
        PageError::Problem(problem) if ["tryout_not_found", "tryout_over"].contains(&&*problem.code) => {
            let status = kontor_http::status(&problem);
            Ok((status, told_of(state, who, name, problem).await?).into_response())
        }
        error => Err(error),
    }
}

/// Begins a tryout of what stands in the editor.
pub(crate) async fn begin(
    State(state): State<Services>,
    Path(name): Path<String>,
    sent: Sent,
) -> Result<Response> {
    let new: NewTryout = written_tryout(&sent.fields);
    match state.tryouts.begin(&sent.caller, &name, new).await {
        Ok(tryout) => {
            // What is tried is there when whoever tries comes back.
            let unsaved = keep_tried(&state, &sent, &name).await?;
            Ok(Redirect::to(&unsaved.after(&page_of(&name, &tryout), "")).into_response())
        }
        Err(error) => {
            let why = refused(error)?;
            not_taken(&state, &name, sent, why).await
        }
    }
}

pub(crate) async fn show(
    State(state): State<Services>,
    SignedIn { caller, csrf, .. }: SignedIn,
    Path((name, tryout)): Path<(String, String)>,
    request: Request,
) -> Result<Response> {
    let query = Fields::of_query(&request);
    match Found::new(&state, &caller, &name, &tryout).await {
        Ok(found) => found.page(&state, &caller, &csrf, &query, None).await,
        Err(error) => over(&state, (&caller, &csrf), &name, error).await,
    }
}

pub(crate) async fn start(
    State(state): State<Services>,
    Path((name, tryout)): Path<(String, String)>,
    headers: HeaderMap,
    Written { sent, is_ours }: Written,
) -> Result<Response> {
    let (caller, csrf) = (sent.caller.clone(), sent.csrf.clone());
    let found = Found::new(&state, &caller, &name, &tryout).await?;
    let written = Written { sent: found.sent(sent), is_ours };
    let session = found.open.tryout.session();
    match turns::send(&found.open.services, session, &headers, written, &found.room()).await? {
        Ok(answer) => Ok(answer),
        Err((status, unsent)) => {
            let page = found.page(&state, &caller, &csrf, &Fields::default(), Some(unsent)).await?;
            Ok((status, page).into_response())
        }
    }
}

pub(crate) async fn stream(
    State(state): State<Services>,
    SignedIn { caller, csrf, credential }: SignedIn,
    Path((name, tryout)): Path<(String, String)>,
    request: Request,
) -> Result<Response> {
    let after = events::position(&request);
    let found = Found::new(&state, &caller, &name, &tryout).await?;
    let Admission { place, ended } = state.admit_stream(&caller, credential).map_err(PageError::Problem)?;
    let ended = future::select(ended, state.tryouts.until_over(&found.open.tryout)).map(drop).boxed();
    let room = found.room();
    let OpenTryout { tryout, services, caller: acting } = found.open;
    let session = tryout.session();
    drop(tryout);
    events::follow(services, acting, csrf, session, after, Admission { place, ended }, &room).await
}

/// What is done in the chat of a tryout, by who acts in its copy.
async fn within<Doing: Future<Output = Result<Response>>>(
    state: &Services,
    name: &str,
    tryout: &str,
    sent: Sent,
    act: impl FnOnce(State<Services>, Sent) -> Doing,
) -> Result<Response> {
    let found = Found::new(state, &sent.caller, name, tryout).await?;
    let answer = act(State(found.open.services.clone()), found.sent(sent)).await?;
    Ok(found.stay(answer))
}

pub(crate) async fn cancel(
    State(state): State<Services>,
    Path((name, tryout, turn)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &tryout, sent, |copy, sent| turns::cancel(copy, Path(turn), headers, sent)).await
}

pub(crate) async fn go_on(
    State(state): State<Services>,
    Path((name, tryout, turn)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &tryout, sent, |copy, sent| turns::go_on(copy, Path(turn), headers, sent)).await
}

pub(crate) async fn retry(
    State(state): State<Services>,
    Path((name, tryout, turn)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &tryout, sent, |copy, sent| answers::retry(copy, Path(turn), headers, sent)).await
}

pub(crate) async fn resolve(
    State(state): State<Services>,
    Path((name, tryout, approval)): Path<(String, String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response> {
    within(&state, &name, &tryout, sent, |copy, sent| turns::resolve(copy, Path(approval), headers, sent))
        .await
}

/// Ends a tryout, which leads back to the prompt.
pub(crate) async fn end(
    State(state): State<Services>,
    Path((name, tryout)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response> {
    let id: Uuid = parsed(&tryout)?;
    match state.tryouts.end(&sent.caller, &name, id).await {
        Ok(()) => {
            let editor = Unsaved::of(&sent.fields).after(&format!("{}/prompt", href(&name)), "ended");
            Ok(Redirect::to(&editor).into_response())
        }
        Err(error) => over(&state, (&sent.caller, &sent.csrf), &name, error.into()).await,
    }
}
